pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// The dark foot: what this page does, the amber one first; under it (beside it in landscape) back and the menu.
Rectangle {
    id: root

    property var vm: null
    readonly property int gap: Works.space(3)
    readonly property int few: 3 // more are smaller
    readonly property bool ahead: list.count > 0
    readonly property bool busy: root.vm ? root.vm.busy !== "" : false
    readonly property real whole: root.width - 2 * Works.gutter
    readonly property real behindWidth: menu.naturalWidth + (back.visible ? back.naturalWidth + root.gap : 0)
    property bool arranging: false
    property bool again: false
    property real wanted: 0 // by the actions, side by side
    readonly property bool oneLine: Works.wide || !root.ahead || root.wanted + root.gap + root.behindWidth <= root.whole
    readonly property real room: root.oneLine ? root.whole - root.behindWidth - root.gap : root.whole

    signal menuWanted

    height: root.oneLine ? Math.max(root.ahead ? actions.height : 0, behind.height) + Works.space(Works.wide ? 4 : 7)
                         : actions.height + root.gap + behind.height + Works.space(7)
    color: Works.slate

    // Widths: what the words need, and what is left goes to the first of a line. Lines are filled in order.
    function arrange(): void {
        if (root.arranging) {
            root.again = true // a width changes a height
            return
        }
        root.arranging = true
        for (let round = 0; round < 3 && (round === 0 || root.again); round += 1) {
            root.again = false
            root.place()
        }
        root.arranging = false
    }

    function place(): void {
        const all = []
        for (let number = 0; number < list.count; number += 1)
            all.push(list.itemAt(number) as WorkButton)
        if (all.includes(null))
            return // they are just changing
        root.wanted = all.reduce((sum, one) => sum + one.naturalWidth + root.gap, -root.gap)
        const lines = []
        let used = 0
        for (const one of all) {
            one.width = Math.min(one.naturalWidth, root.room)
            if (lines.length === 0 || used + root.gap + one.width > root.room) {
                lines.push([])
                used = -root.gap
            }
            used += root.gap + one.width
            lines[lines.length - 1].push(one)
        }
        let y = 0
        for (const line of lines) {
            const spare = root.room - line.reduce((sum, one) => sum + one.width + root.gap, -root.gap)
            if (!Works.wide)
                line[0].width += spare
            const height = Math.max(...line.map(one => one.implicitHeight))
            let x = Works.wide ? spare : 0
            for (const one of line) {
                one.x = x
                one.y = y
                one.height = height
                x += one.width + root.gap
            }
            y += height + root.gap
        }
        actions.height = Math.max(0, y - root.gap)
    }

    onRoomChanged: root.arrange()

    Item {
        id: actions

        x: root.width - Works.gutter - root.room
        y: root.oneLine ? (root.height - height) / 2 : Works.space(3.5)
        width: root.room

        Repeater {
            id: list

            model: root.vm ? root.vm.buttons : null
            onItemAdded: root.arrange()
            onCountChanged: root.arrange()
            onItemRemoved: root.arrange()

            WorkButton {
                id: action

                required property int index
                required property string name
                required property bool usable
                required text
                required why
                required weight

                objectName: "maint-act-" + action.name
                onDark: true
                size: list.count > root.few ? Works.buttonBehind : Works.button
                least: list.count > root.few ? Works.least : Works.action
                enabled: action.usable && !root.busy
                onTapped: root.vm.press(action.index)
                onNaturalWidthChanged: root.arrange()
                onImplicitHeightChanged: root.arrange()
            }
        }
    }

    Row {
        id: behind

        readonly property real half: (root.whole - (back.visible ? root.gap : 0)) / (back.visible ? 2 : 1)
        readonly property bool narrow: root.oneLine && (Works.wide || root.ahead)

        x: Works.gutter
        y: root.oneLine ? (root.height - height) / 2 : root.height - height - Works.space(3.5)
        spacing: root.gap

        WorkButton {
            id: back

            objectName: "maint-back"
            visible: root.vm ? root.vm.away : false
            width: behind.narrow ? naturalWidth : behind.half
            text: Words.t("maint.window.back")
            onDark: true
            size: Works.buttonBehind
            least: Works.actionBehind
            onTapped: root.vm.back()
        }

        WorkButton {
            id: menu

            objectName: "maint-menu"
            width: behind.narrow ? naturalWidth : behind.half
            text: Words.t("maint.window.menu")
            onDark: true
            size: Works.buttonBehind
            least: Works.actionBehind
            onTapped: root.menuWanted()
        }
    }
}
