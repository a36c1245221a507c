"""From what the engines found to one order: scores, bands, reranking, sorting, and what is similar."""
