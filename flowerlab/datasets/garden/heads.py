"""Flowers with rays around a middle: daisy, sunflower and dandelion."""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator

from flowerlab.datasets.garden.canvas import Canvas, Coat, Colour, dyed, mix, ramp
from flowerlab.datasets.garden.colours import BROWN, GREEN, Pose, heart_palette, petal_palette
from flowerlab.datasets.garden.patch import TURNS, Patch, cover, polar
from flowerlab.datasets.garden.petals import PROFILES, TEXTURE_VARIANTS, disc, rays, sample, seed_ball


def sepals(canvas: Canvas, patch: Patch, rng: Generator, *, length: float, width: float, count: int) -> None:
    """Paints the green leaves that hold a flower from behind, `count` of them, as long as `length` head radii."""
    coat = Coat(patch.u.shape)
    rays(coat, polar(patch.raised(-0.25)), rng, count=count, length=length, width=width, profile=PROFILES["ovate"], tone=0.5)
    canvas.paint(patch, coat.alpha, coat.shade, dyed(mix(GREEN, (60, 110, 40), rng.random())), flower=True)


def daisy(canvas: Canvas, patch: Patch, rng: Generator, colour: Colour, pose: Pose) -> None:
    """Paints a daisy: one or two rings of blunt rays around a small disc."""
    coat = Coat(patch.u.shape)
    count = int(rng.integers(11, 27))
    width = float(rng.uniform(0.8, 1.25)) * 2.0 / count
    profile = PROFILES["strap" if rng.random() < 0.7 else "notched"]
    cone = float(rng.uniform(-0.25, 0.35))
    view = polar(patch.raised(cone * 0.5))
    missing = 0.12 if rng.random() < 0.2 else 0.0
    if rng.random() < 0.6:
        rays(coat, view, rng, count=count, length=0.95, width=width, profile=profile, tone=0.5, missing=missing)
    rays(coat, view, rng, count=count, length=0.94, width=width, profile=profile, tone=0.72, missing=missing, jitter=0.16)
    ring = float(rng.uniform(0.2, 0.36))
    # The disc throws a shadow onto the bases of the rays.
    coat.shade -= np.clip((ring * 1.6 - view.r) * np.float32(0.9), 0, 0.3)
    canvas.paint(patch, coat.alpha, pose.lit(coat.shade, patch), petal_palette(rng, colour), flower=True)
    part, _ = patch.raised(0.1 + max(cone, 0) * 0.2).inside(ring * 1.2)
    if part.u.size:
        _, alpha, shade = disc(part, ring, florets_count=(60, 90, 140)[int(rng.integers(3))], dome=0.3)
        canvas.paint(part, alpha, pose.lit(shade, part), heart_palette(rng, (0.3, 0.2, 0.16, 0.22, 0.12)), flower=True)


def sunflower(canvas: Canvas, patch: Patch, rng: Generator, colour: Colour, pose: Pose) -> None:
    """Paints a sunflower: rings of pointed rays around a large dark disc of spiralling florets."""
    coat = Coat(patch.u.shape)
    count = int(rng.integers(14, 23))
    ring = float(rng.uniform(0.33, 0.54))
    width = float(rng.uniform(0.9, 1.3)) * 2.4 / count * 0.85
    cone = float(rng.uniform(-0.2, 0.4))
    view = polar(patch.raised(cone * 0.5))
    sepals(canvas, patch, rng, length=float(rng.uniform(0.6, 0.92)), width=0.16, count=int(rng.integers(10, 16)))
    for ring_number in range(int(rng.integers(2, 4))):
        rays(
            coat,
            view,
            rng,
            count=count,
            length=0.97 - 0.05 * ring_number,
            width=width,
            profile=PROFILES["pointed"],
            tone=0.42 + 0.14 * ring_number,
            jitter=0.22,
            uneven=0.1,
            groove=0.12,
            missing=0.1 * ring_number,
        )
    coat.shade -= np.clip((ring * 1.4 - view.r) * np.float32(1.2), 0, 0.35)
    canvas.paint(patch, coat.alpha, pose.lit(coat.shade, patch), petal_palette(rng, colour), flower=True)
    part, _ = patch.raised(0.06 + max(cone, 0) * 0.15).inside(ring * 1.1)
    if part.u.size:
        middle, alpha, shade = disc(part, ring, florets_count=(260, 380)[int(rng.integers(2))], dome=0.0)
        x = middle.r * np.float32(1 / ring)
        # Florets open from the rim inwards: a pale outer ring, a dark one, and often a green heart.
        bloom, heart = float(rng.uniform(0.5, 0.85)), float(rng.uniform(0.0, 0.45))
        shade -= np.clip(0.28 - np.abs(x - np.float32(bloom)) * np.float32(1.3), 0, 0.28)
        shade -= np.float32(0.12) * (x > 0.9)
        canvas.paint(
            part, alpha, pose.lit(shade - np.float32(0.05), part), heart_palette(rng, (0.17, 0.18, 0.2, 0.28, 0.17)), flower=True
        )
        if heart > 0.12:
            green = ramp((0, (30, 26, 10)), (0.5, (96, 92, 34)), (1, (176, 170, 80)))
            soft = np.clip((np.float32(heart) - x) * np.float32(5), 0, 1)
            canvas.paint(part, alpha * soft, pose.lit(shade + np.float32(0.05), part), green, flower=True)


def dandelion(canvas: Canvas, patch: Patch, rng: Generator, colour: Colour, pose: Pose) -> None:
    """Paints a dandelion in flower: a head of many rings of fine rays."""
    if pose.tilt > 0.7:
        # Seen from the side, the near half of the outermost ring hangs down over the green cup.
        sepals(canvas, patch, rng, length=0.7, width=0.12, count=13)
    coat = Coat(patch.u.shape)
    # A small head has no room for many rings.
    steps = min(int(rng.integers(5, 8)), 3 + round(0.08 / patch.pixel))
    dense = float(rng.uniform(0.85, 1.15)) * min(1.0, 0.55 + 0.009 / patch.pixel)
    for step in range(steps):
        length = 1 - 0.82 * step / steps
        count = max(16, int((92 - 9 * step) * dense))
        part, window = patch.raised(0.45 * (1 - length)).inside(length * 1.12)
        if part.u.size:
            rays(
                coat,
                polar(part),
                rng,
                count=count,
                length=length * 0.92,
                width=length / count * 2.4,
                profile=PROFILES["fine"],
                tone=0.5 + 0.015 * step,
                spread=0.13,
                rise=0.42,
                groove=0.05,
                jitter=0.3,
                uneven=0.06,
                window=window,
            )
    canvas.paint(patch, coat.alpha, pose.lit(coat.shade, patch), petal_palette(rng, colour), flower=True)


def seed_ball_head(canvas: Canvas, patch: Patch, rng: Generator, colour: Colour, pose: Pose) -> None:
    """Paints a dandelion gone to seed: a white ball that one sees through. Its colour is its own."""
    view = polar(patch)
    hairs = sample(seed_ball(int(rng.integers(TEXTURE_VARIANTS))), patch, 1.0) * (view.r < 0.99)
    haze = np.float32(0.2 + 0.2 * rng.random()) * cover(np.float32(0.9) - view.r, 0.12)
    alpha = np.minimum(hairs * np.float32(1.15) + haze, 1)
    ball = cover(np.float32(0.95) - view.r, view.pixel)
    if rng.random() < 0.3:
        # Part of the seeds has flown.
        gap = np.cos(TURNS - rng.uniform(0, math.tau)) - rng.uniform(-0.1, 0.7)
        kept = 1 - np.clip(view.along(np.round(gap * 5, 4).astype(np.float32)), 0, 1) * (view.r > 0.16)
        alpha *= kept
        ball *= kept
    core = cover(np.float32(0.13) - view.r, view.pixel)
    canvas.paint(patch, core, np.float32(0.6) - view.r, dyed(mix(BROWN, (110, 130, 60), rng.random())), flower=True)
    palette = ramp((0, (120, 118, 112)), (0.5, (214, 212, 206)), (1, (255, 255, 252)))
    canvas.paint(patch, alpha, np.float32(0.5) + hairs * np.float32(0.5) + patch.v * np.float32(0.1), palette, flower=True)
    canvas.claim(patch, ball)
