pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// Check before you send: each value carries where it came from; a touch on a row changes it. Nothing is signed or
// handed in before the last row was in sight.
PageFrame {
    id: root

    property var vm: null
    readonly property bool changeable: root.vm ? root.vm.changeable : false

    title: Words.t("review.title")
    lead: root.changeable ? Words.t("review.lead") : Words.t("review.fixed")
    quitShown: true
    leftText: root.changeable && !Theme.elder ? Words.t("review.back") : Words.t("nav.back")
    rightText: root.vm && root.vm.signature ? Words.t("review.sign") : Words.t("review.submit")
    note: root.vm && root.vm.signature ? Words.t("review.promise.sign") : Words.t("review.promise.submit")
    toTheEnd: true
    gap: Theme.space(3)
    onReachedChanged: if (root.reached && root.vm) root.vm.sawWhole()
    onQuitTapped: root.vm.quit()
    onLeftTapped: root.vm.back()
    onRightTapped: root.vm.next()

    Card {
        visible: root.vm ? root.vm.problemText !== "" : false
        color: Theme.badSoft
        border.width: Theme.stroke
        border.color: Theme.bad
        padding: Theme.space(4)

        Label {
            width: parent.width
            text: root.vm ? root.vm.problemText : ""
            color: Theme.bad
        }
    }

    Card {
        padding: Theme.space(1)
        gap: 0

        Repeater {
            model: root.vm ? root.vm.lines : null

            Column {
                id: cell

                required property int index
                required property string key
                required property string text
                required property string value
                required property string origin
                required property string tone
                required property bool editable
                required property string group

                width: parent ? parent.width : 0

                // Of a bundle: whose rows begin here.
                Label {
                    visible: cell.group !== ""
                    x: Theme.space(4.5)
                    width: parent.width - 2 * x
                    topPadding: Theme.space(cell.index > 0 ? 5 : 2.5)
                    bottomPadding: Theme.space(1.5)
                    text: cell.group
                    font.bold: true
                    color: Theme.tealDeep
                }

                Touchable {
                    id: row

                    readonly property bool stackedUp: Theme.elder

                    objectName: "review-edit-" + cell.key
                    label: cell.text + " " + cell.value
                    role: cell.editable ? Accessible.Button : Accessible.StaticText
                    enabled: cell.editable
                    width: parent ? parent.width : 0
                    height: Math.max(cell.editable ? Theme.minimum : Theme.space(10), (row.stackedUp ? name.height + Theme.space(1) : 0) + value_.height + Theme.space(5))
                    onTapped: root.vm.edit(cell.key)

                    Rectangle {
                        anchors.fill: parent
                        anchors.margins: Theme.hairline
                        radius: Theme.radius
                        color: row.down ? Theme.tealSoft : Theme.surface
                    }

                    Rectangle {
                        visible: cell.index > 0 && cell.group === ""
                        x: Theme.space(4.5)
                        width: parent.width - 2 * x
                        height: Theme.hairline
                        color: Theme.line
                    }

                    Label {
                        id: name

                        x: Theme.space(4.5)
                        y: row.stackedUp ? Theme.space(2.5) : (row.height - height) / 2
                        width: row.stackedUp ? parent.width - from.width - 2 * x - Theme.space(2) : Theme.space(24)
                        text: cell.text
                        font.pixelSize: Theme.elder ? Theme.small : Theme.space(4)
                        color: Theme.ink2
                        Accessible.ignored: true
                    }

                    Label {
                        id: value_

                        x: row.stackedUp ? name.x : name.x + name.width + Theme.space(2)
                        y: row.stackedUp ? name.y + name.height + Theme.space(1) : (row.height - height) / 2
                        width: row.stackedUp ? parent.width - 2 * x - (pen.visible ? pen.width + Theme.space(2) : 0)
                                             : from.x - x - Theme.space(2)
                        text: cell.value
                        font.pixelSize: Theme.elder ? Theme.body : Theme.space(4.7)
                        Accessible.ignored: true
                    }

                    Chip {
                        id: from

                        y: row.stackedUp ? Theme.space(2) : (row.height - height) / 2
                        x: parent.width - width - Theme.space(row.stackedUp ? 4.5 : 9.5)
                        text: cell.origin
                        tone: cell.tone
                    }

                    Chevron {
                        id: pen

                        visible: cell.editable
                        y: row.stackedUp ? value_.y + (value_.height - height) / 2 : (row.height - height) / 2
                        x: parent.width - width - Theme.space(4.5)
                        tint: Theme.ink2
                    }
                }
            }
        }
    }

    // Consent of its own, never chosen beforehand: answers that a later visit need not ask for.
    ChoiceCard {
        objectName: "review-remember"
        visible: title !== ""
        width: parent ? parent.width : 0
        title: root.vm ? root.vm.rememberText : ""
        detail: root.vm ? root.vm.rememberDetail : ""
        size: Theme.body
        chosen: root.vm ? root.vm.remember : false
        tick: true
        role: Accessible.CheckBox
        onTapped: root.vm.toggleRemember()
    }

    KnownCard {
        name: "review-forget"
        text: root.vm ? root.vm.knownText : ""
        onForgotten: root.vm.forgetKnown()
    }

    Label {
        objectName: "review-end"
        width: parent ? parent.width : 0
        horizontalAlignment: Text.AlignHCenter
        text: root.vm ? Words.t("review.end", root.vm.count) : ""
        font.pixelSize: Theme.small
        color: Theme.ink2
    }

    // Other rows were not seen yet.
    Connections {
        target: root.vm

        function onChanged() {
            if (!root.vm.whole)
                root.begin()
        }
    }
}
