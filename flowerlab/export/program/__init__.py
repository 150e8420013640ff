"""The program in plain Keras that rebuilds a recipe: its text is in `templates/`, written as the program that it becomes."""
