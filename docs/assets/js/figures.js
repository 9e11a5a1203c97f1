/* Figures: each element of a figure is brought to life by its module when the reader comes near. */
