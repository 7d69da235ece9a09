"""Everything that lets the pipeline run on a laptop: stand-ins in, no cloud out."""
