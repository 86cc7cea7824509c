-- Which pack of materials (kiosk/journal/packs.py) belongs to which item: so that one that no item names is known at the
-- start and can go. Written when the item is filed, under the seq of its audit row; its row's parts say the same.
CREATE TABLE packs (
    seq INTEGER PRIMARY KEY,
    name TEXT NOT NULL
) STRICT;
CREATE INDEX packs_name ON packs (name);
