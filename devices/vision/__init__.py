"""Frames to facts: faces, documents, codes. Runs in the camera child process; the only room with cv2."""
