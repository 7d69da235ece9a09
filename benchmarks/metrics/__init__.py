"""How good the scores are, on movies whose events we know.

simulators/    seed -> simulated movies, day by day, and which of their days to call
statements.py  snapshots in, the numbers of sql/ out: the files themselves, emulated
earlier/       the statements of the earlier score, kept as a baseline
predecessor.py snapshots in, the predecessor's formulas out
oracle.py      a bound: what a learned score reaches that knows the simulator
computed.py    one simulation with what each side makes of it
scoring.py     scores and labels in, measures out
calls.py       what each score ranks and calls, against the labels
trends.py      momentum words and outlooks, against what came
study.py       one simulator: the oracle's seeds, tuning seeds, test seeds
report.py      measures in, tables out
real_series.py a CSV of real snapshots in, how the scores behave on it out
real_events.py that CSV and one of events in, the score of each day around them out
"""
