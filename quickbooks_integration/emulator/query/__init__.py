"""The query language: tokens.py reads words, grammar.py reads statements, evaluation.py finds the documents."""
