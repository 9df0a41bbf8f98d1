"""`make bench`: what the project promises about speed, as ratios against a floor or a peer in the same run."""
