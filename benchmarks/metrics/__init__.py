"""How good the metrics are: ours and the predecessor's, on movies whose events we know.

simulation.py  seed -> simulated movies, day by day, with every nuisance of TMDB
nuisances.py   what befalls values on their way to us
events.py      what befell a movie, and which of its days are relevant, neutral, quiet
statements.py  snapshots in, the numbers of sql/ out: the files themselves, emulated
predecessor.py snapshots in, the predecessor's formulas out
scoring.py     scores and labels in, measures out
computed.py    one simulation with what each side makes of it
calls.py       what each side calls, against the labels
trends.py      momentum classes and outlooks, against what came
study.py       one seed in every condition; dev seeds set thresholds, test seeds judge
report.py      measures in, tables out
"""
