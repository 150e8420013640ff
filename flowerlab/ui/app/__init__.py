"""What stands around every page: the server's life, the navigation, the status strip."""
