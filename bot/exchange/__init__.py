"""What goes into packs and comes out of them: skeletons from essays, exports, bibliographies, edits in place."""
