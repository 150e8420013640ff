"""One module for each kind of thing on the disk: what there is of it, why it must stay, and how it goes."""
