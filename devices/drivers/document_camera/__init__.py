"""Document camera (高拍仪) in a killable child process. The parent side never imports cv2 or numpy."""
