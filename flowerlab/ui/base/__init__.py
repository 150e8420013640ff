"""What every part of a page uses: the lab, the viewer, messages, fragments, words."""
