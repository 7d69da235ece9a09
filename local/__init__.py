"""Everything that lets the pipeline run on a laptop: emulators and the demo."""
