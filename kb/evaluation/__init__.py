"""How good the ranking is: judged collections, measures, pairs of translations, and whether a difference is chance."""
