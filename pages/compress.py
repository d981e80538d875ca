"""Compress: pictures to a file and back, beside the usual codecs."""

from studio import frame

frame.guard()
frame.page(
    "Compress",
    ":material/folder_zip:",
    "Send pictures through the network into a real file, and get them back.",
)
