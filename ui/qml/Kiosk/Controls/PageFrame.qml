pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// The frame of a page: heading, content, an input area (keyboard, pad) and the actions.
// Portrait: one under the other. Landscape: content left; input, or what stands
// aside, and the actions in a panel on the right. `note` says in one line what the actions wait for or lead to.
// `toTheEnd`: what is agreed to has to be seen first; until its end was in sight the way forward scrolls on.
Item {
    id: root

    property string eyebrow: ""
    property string chip: ""
    property string chipTone: "teal"
    property string title: ""
    property int titleSize: Theme.h1
    property string lead: ""
    property bool centred: false
    property bool titleFirst: true
    property string small: ""
    property string note: ""
    property bool quitShown: false
    property string leftText: ""
    property string leftName: "nav-back"
    property string leftTone: "secondary"
    property string otherText: ""
    property string otherName: ""
    property string rightText: ""
    property string rightName: "nav-next"
    property string rightTone: "primary"
    property bool rightEnabled: true
    property bool toTheEnd: false
    property bool reached: false // the end of the content was in sight
    readonly property bool reading: root.toTheEnd && !root.reached && root.overflowing
    property int gap: Theme.space(3.5)
    default property alias content: body.data
    property alias aside: asideColumn.data
    property alias input: inputHolder.data
    property bool hasInput: false
    property bool middle: false
    property bool sunk: false
    property bool asideFirst: false
    readonly property bool hasActions: quitShown || leftText !== "" || otherText !== "" || rightText !== ""
    property int panel: Theme.panel
    readonly property int panelWidth: hasInput ? Theme.widePanel : root.beside ? root.panel : Theme.panel
    property bool asideAllowed: true
    property bool weighing: false
    property bool asideFits: true // what is too long for the panel goes under the content, which scrolls
    readonly property bool beside: root.asideAllowed && root.asideFits && Theme.landscape && !Theme.elder && !root.hasInput
    readonly property int contentWidth: column.width
    // What the body may take up without scrolling, where nothing stands aside.
    readonly property real room: viewport.roomy - (head.visible ? head.height + root.gap : 0) - column.bottomPadding
    readonly property bool crowded: root.beside && panelSlot.y + asideColumn.height > noteLabel.y
    readonly property bool overflowing: column.height > viewport.roomy + 1

    function begin(): void {
        flick.contentY = 0
        root.asideFits = true
        root.reached = false
    }

    function readOn(): void {
        flick.contentY = Math.min(flick.contentY + flick.height * 0.8, flick.contentHeight - flick.height)
    }

    function forward(): void {
        root.look()
        if (root.reading)
            root.readOn()
        else
            root.rightTapped()
    }

    function look(): void {
        if (!root.crowded && !root.weighing && (!root.overflowing || flick.contentY >= flick.contentHeight - flick.height - Theme.space(5)))
            root.reached = true
    }

    function makeRoom(): void {
        if (root.crowded)
            root.asideFits = false
    }

    signal quitTapped
    signal leftTapped
    signal otherTapped
    signal rightTapped

    Rectangle {
        id: footer

        color: Theme.footer
        visible: root.hasActions || root.hasInput
        x: Theme.landscape ? root.width - root.panelWidth : 0
        y: Theme.landscape ? 0 : root.height - height
        width: Theme.landscape ? root.panelWidth : root.width
        height: Theme.landscape ? root.height
              : root.hasActions ? bar.implicitHeight + noteLabel.room + 2 * Theme.space(root.hasInput ? 4.5 : 5.8) : 0

        Rectangle {
            color: Theme.line
            width: Theme.landscape ? Theme.hairline : parent.width
            height: Theme.landscape ? parent.height : Theme.hairline
        }

        Item {
            id: panelSlot

            x: bar.x
            y: Theme.space(1)
            width: bar.width
        }

        Label {
            id: noteLabel

            readonly property real room: text !== "" ? height + Theme.space(2.5) : 0

            visible: text !== ""
            x: bar.x
            y: bar.y - room
            width: bar.width
            text: root.note
            horizontalAlignment: Theme.landscape ? Text.AlignHCenter : Text.AlignLeft
            font.pixelSize: Theme.elder ? Theme.small : Theme.space(4)
            color: Theme.ink2
        }

        ActionBar {
            id: bar

            visible: root.hasActions
            x: Theme.landscape ? Theme.space(6) : Theme.gutter
            y: parent.height - height - Theme.space(Theme.landscape ? 6 : root.hasInput ? 4.5 : 5.8)
            width: parent.width - 2 * x
            height: implicitHeight
            quitText: root.quitShown ? Words.t("nav.quit") : ""
            leftText: root.leftText
            leftName: root.leftName
            leftTone: root.leftTone
            otherText: root.otherText
            otherName: root.otherName
            rightText: root.rightText
            rightInstead: root.toTheEnd ? Words.t("scroll.on") : ""
            rightReplaced: root.reading
            rightName: root.rightName
            rightTone: root.reading ? "primary" : root.rightTone
            rightEnabled: root.reading || root.rightEnabled
            column: Theme.landscape && !root.hasInput
            onQuitTapped: root.quitTapped()
            onLeftTapped: root.leftTapped()
            onOtherTapped: root.otherTapped()
            onRightTapped: root.forward()
        }
    }

    Item {
        id: inputHolder

        x: Theme.landscape ? root.width - root.panelWidth + Theme.hairline : 0
        y: Theme.landscape ? Theme.space(2) : root.height - footer.height - height
        width: Theme.landscape ? root.panelWidth - Theme.hairline : root.width
        height: {
            let tallest = 0
            for (const child of children)
                tallest = Math.max(tallest, child.visible ? child.height : 0)
            return tallest
        }
        visible: root.hasInput
    }

    Item {
        id: viewport

        readonly property real roomy: root.height - Theme.space(1)
                                      - (Theme.landscape ? 0 : footer.height + (root.hasInput ? inputHolder.height : 0))

        width: Theme.landscape && footer.visible ? root.width - root.panelWidth : root.width
        height: roomy

        Flickable {
            id: flick

            anchors.left: parent.left
            anchors.right: parent.right
            height: root.overflowing ? parent.height - more.height - Theme.space(1.5) : parent.height
            contentWidth: width
            contentHeight: column.height
            interactive: root.overflowing
            boundsBehavior: Flickable.StopAtBounds
            clip: root.overflowing

            Column {
                id: column

                x: Theme.gutter
                y: root.middle ? Math.max(0, (viewport.roomy - height) * 0.4) : 0
                width: flick.width - 2 * Theme.gutter
                spacing: root.gap
                bottomPadding: Theme.space(2)

                Column {
                    id: head

                    width: parent.width
                    spacing: Theme.space(1.2)
                    visible: root.titleFirst

                    Chip {
                        visible: root.chip !== ""
                        text: root.chip
                        tone: root.chipTone
                    }

                    Label {
                        visible: root.eyebrow !== ""
                        width: parent.width
                        text: root.eyebrow
                        color: Theme.ink2
                        font.pixelSize: Theme.elder ? Theme.small : Theme.space(4.2)
                    }

                    Heading {
                        width: parent.width
                        visible: text !== ""
                        text: root.title
                        font.pixelSize: root.titleSize
                        horizontalAlignment: root.centred ? Text.AlignHCenter : Text.AlignLeft
                    }

                    Label {
                        width: parent.width
                        visible: text !== ""
                        text: root.small
                        font.pixelSize: Theme.small
                        color: Theme.ink2
                        horizontalAlignment: root.centred ? Text.AlignHCenter : Text.AlignLeft
                    }

                    Label {
                        width: parent.width
                        visible: text !== ""
                        text: root.lead
                        font.pixelSize: Theme.lead
                        color: Theme.ink2
                        horizontalAlignment: root.centred ? Text.AlignHCenter : Text.AlignLeft
                    }
                }

                // What is to be touched stands low, in reach.
                Item {
                    readonly property real spare: viewport.roomy - head.height - body.height - tail.height
                                                  - 3 * root.gap - column.bottomPadding

                    visible: root.sunk && spare > 0
                    width: parent.width
                    height: Math.max(0, spare)
                }

                Item {
                    id: front

                    visible: root.asideFirst && !root.beside
                    width: parent.width
                    height: asideColumn.height
                }

                Column {
                    id: body

                    width: parent.width
                    spacing: root.gap
                }

                Item {
                    id: tail

                    visible: !root.asideFirst
                    width: parent.width
                    height: root.beside ? 0 : asideColumn.height
                }
            }
        }

        Touchable {
            id: more

            readonly property bool atEnd: flick.contentY >= flick.contentHeight - flick.height - 1

            objectName: "scroll-more"
            visible: root.overflowing && !root.reading
            label: atEnd ? Words.t("scroll.up") : Words.t("scroll.down")
            anchors.horizontalCenter: parent.horizontalCenter
            y: parent.height - height
            width: moreText.implicitWidth + Theme.space(12)
            height: Theme.minimum
            onTapped: {
                if (atEnd)
                    flick.contentY = 0
                else
                    root.readOn()
            }

            Rectangle {
                anchors.fill: parent
                anchors.topMargin: Theme.space(1)
                anchors.bottomMargin: Theme.space(1)
                radius: height / 2
                color: more.down ? Theme.tealSoft : Theme.surface
                border.width: Theme.hairline
                border.color: Theme.teal
            }

            Label {
                id: moreText

                anchors.centerIn: parent
                text: more.label
                font.pixelSize: Theme.small
                font.bold: true
                color: Theme.teal
                Accessible.ignored: true
            }
        }
    }

    Label {
        visible: root.reading
        parent: viewport
        x: Theme.gutter
        y: viewport.height - (more.height + height) / 2
        width: viewport.width - 2 * x
        horizontalAlignment: Text.AlignHCenter
        text: Words.t("scroll.reading")
        font.pixelSize: Theme.elder ? Theme.small : Theme.space(4)
        color: Theme.ink2
    }

    Column {
        id: asideColumn

        parent: root.beside ? panelSlot : root.asideFirst ? front : tail
        width: parent ? parent.width : 0
        spacing: root.gap
    }

    // A page that comes back, or in another size of type, begins at its top.
    Connections {
        target: Theme

        function onElderChanged() {
            root.begin()
        }
    }

    onVisibleChanged: root.begin()
    onTitleChanged: root.begin()
    onLeadChanged: root.asideFits = true
    onCrowdedChanged: if (root.crowded) root.weighing = true

    // What is in sight is known when everything has been laid out: with the next frame.
    Connections {
        target: root.toTheEnd && root.visible && !root.reached ? root.Window.window : null

        function onFrameSwapped() {
            root.look()
        }
    }

    // Whether it is too long, too.
    Connections {
        target: root.weighing ? root.Window.window : null

        function onFrameSwapped() {
            root.weighing = false
            root.makeRoom()
        }
    }
}
