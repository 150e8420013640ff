"""Where photos come from: one source for each kind of data set."""
