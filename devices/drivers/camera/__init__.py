"""Camera and face check in one killable child process. The parent side never imports cv2 or numpy."""
