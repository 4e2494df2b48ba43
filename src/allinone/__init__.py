"""immich-all-in-one: search photos by the text in them and by what they show."""

import os

__version__ = "0.1.0"

# ONNX Runtime's Linux builds keep a device id and send usage data unless told otherwise before it is imported.
# Nothing leaves a user's machine: this is the one line that every process of ours runs first.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
