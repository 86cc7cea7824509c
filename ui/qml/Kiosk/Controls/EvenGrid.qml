import QtQuick

// A grid of a Repeater's cards in which those of one row are as high as the highest of them. A card says its own height
// as implicitHeight and takes the row's: `height: grid.even(index)`.
Grid {
    id: root

    property Repeater cards: null
    property int revision: 0 // itemAt() tells nobody that a card came or went
    readonly property real cell: (root.width - (root.columns - 1) * root.spacing) / root.columns

    function even(index: int): real {
        const first = index - index % root.columns
        let tallest = 0 * root.revision
        for (let at = first; at < first + root.columns; ++at) {
            const card = root.cards ? root.cards.itemAt(at) : null
            tallest = Math.max(tallest, card ? card.implicitHeight : 0)
        }
        return tallest
    }

    Connections {
        target: root.cards

        function onItemAdded() {
            root.revision += 1
        }

        function onItemRemoved() {
            root.revision += 1
        }
    }
}
