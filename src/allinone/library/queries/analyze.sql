analyze procrastinate_jobs, library_asset, library_file
