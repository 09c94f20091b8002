"""One training, several at once, or those of the folds: followed, judged, chosen among and finished."""
