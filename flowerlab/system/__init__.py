"""The machine and the operating system: files, locks, zips, downloads, memory, processors. Nothing about flowers."""
