"""The items that draw themselves: the signature, the camera's picture, the papers under the document camera."""
