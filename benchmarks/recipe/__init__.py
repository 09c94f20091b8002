"""What a rule of the recipe is worth: trainings with it, and without."""
