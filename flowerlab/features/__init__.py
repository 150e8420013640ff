"""What frozen layers make of photos, computed once and kept."""
