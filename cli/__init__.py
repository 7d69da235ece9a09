"""The operator's command line: what a person does to a deployment, from a laptop.

python -m cli --help. One module per command, and what it decides in a pure one beside
it (`estimate`, `backfilling`, `spending`, `pace`, `states`). `verb` gives every command
its conventions, `options` what they share, `exits` the codes; `place` opens a
deployment, `target` says which Terraform root, `machine` runs other programs, `report`
is how findings look.
"""
