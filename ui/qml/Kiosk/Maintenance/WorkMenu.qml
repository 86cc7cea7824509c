pragma ComponentBehavior: Bound

import QtQuick

// Every place of the menu. `opened` tells that one was touched.
Grid {
    id: root

    property var vm: null

    signal opened

    columns: Works.wide ? 4 : 2
    spacing: Works.space(2.5)

    Repeater {
        model: root.vm ? root.vm.tiles : null

        WorkTile {
            id: tile

            required text
            required path
            required tone
            required allowed
            required here

            width: Math.floor((root.width - (root.columns - 1) * root.spacing) / root.columns)
            onTapped: {
                root.vm.open(tile.path)
                root.opened()
            }
        }
    }
}
