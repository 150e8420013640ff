"""What a run will take, here and now: time, memory, disk."""
