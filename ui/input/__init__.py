"""How text comes in: pinyin first. Learns nothing from anybody: what was typed is gone with the visit."""
