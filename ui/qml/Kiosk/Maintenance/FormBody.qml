pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls

// One value: typed on a keyboard or a pad, or chosen from rows.
Item {
    id: root

    property var vm: null
    readonly property string kind: root.vm ? root.vm.kind : ""
    readonly property bool chosen: root.kind === "choice" || root.kind === "switch"
    readonly property bool lettered: root.kind === "text"
    readonly property bool compact: Works.wide && root.lettered // the keyboard takes nearly all
    readonly property real keysTop: root.lettered ? board.y : pad.y
    readonly property bool beside: Works.wide && !root.lettered && !root.chosen // the pad stands beside the value

    WorkScroll {
        width: root.beside ? root.width - pad.width - Works.space(6) : root.width
        height: root.chosen || root.beside || root.kind === "" ? root.height : root.keysTop - Works.space(2)
        begins: root.vm ? root.vm.path : ""
        gap: Works.space(root.compact ? 1 : 3)

        WorkTop {
            width: parent.width
            visible: !root.compact
            vm: root.vm
        }

        WorkText {
            width: parent.width
            visible: text !== ""
            text: !root.vm || (!root.compact && root.vm.fieldLabel === root.vm.heading) ? "" // it stands above
                : !root.compact || root.vm.fieldError === "" ? root.vm.fieldLabel
                                                             : root.vm.fieldLabel + " · " + root.vm.fieldError
            color: root.compact && root.vm && root.vm.fieldError !== "" ? Works.bad : Works.ink
            font.pixelSize: Works.name
            font.bold: true
        }

        Rectangle {
            visible: !root.chosen && root.kind !== ""
            width: parent.width
            height: visible ? Math.max(root.compact ? Works.least : Works.action, typed.height + Works.space(2)) : 0
            radius: Works.radius
            color: Works.sheet
            border.width: Works.stroke
            border.color: root.vm && root.vm.fieldError !== "" ? Works.bad : Works.slate

            WorkText {
                id: typed

                objectName: "maint-value"
                anchors.verticalCenter: parent.verticalCenter
                x: Works.space(4)
                width: parent.width - 2 * x
                text: root.vm ? root.vm.input.text + root.vm.input.composition : ""
                wrapMode: Text.WrapAnywhere
                font.pixelSize: root.compact ? Works.instruction : Works.field
            }
        }

        WorkNotice {
            width: parent.width
            text: root.vm && !root.compact ? root.vm.fieldError : ""
            tone: "broken"
        }

        WorkText {
            width: parent.width
            visible: text !== ""
            text: root.vm && !root.compact ? root.vm.fieldHelp : ""
            font.pixelSize: Works.detail
            color: Works.ink2
        }

        Flow {
            width: parent.width
            spacing: Works.space(2.5)

            Repeater {
                model: root.vm ? root.vm.choices : null

                Touchable {
                    id: choice

                    required property string value
                    required property string text
                    required property bool picked

                    objectName: "maint-choice-" + choice.value
                    label: choice.text
                    role: Accessible.RadioButton
                    Accessible.checked: choice.picked
                    width: root.chosen ? parent.width : Math.max(Works.space(20), words.implicitWidth + Works.space(8))
                    height: Math.max(root.chosen ? Works.action : Works.least, words.height + Works.space(3))
                    onTapped: root.vm.pick(choice.value)

                    Rectangle {
                        anchors.fill: parent
                        radius: Works.radius
                        color: choice.down ? Works.sheetDown : choice.picked ? Works.amberSoft : Works.sheet
                        border.width: choice.picked ? Works.stroke + Works.hairline : Works.hairline
                        border.color: choice.picked ? Works.amber : Works.line
                    }

                    Rectangle {
                        id: ring

                        anchors.verticalCenter: parent.verticalCenter
                        x: Works.space(4)
                        visible: root.chosen
                        width: Works.tone
                        height: width
                        radius: width / 2
                        color: Works.sheet
                        border.width: Works.stroke
                        border.color: choice.picked ? Works.amber : Works.ink2

                        Rectangle {
                            anchors.centerIn: parent
                            visible: choice.picked
                            width: parent.width / 2
                            height: width
                            radius: width / 2
                            color: Works.amber
                        }
                    }

                    WorkText {
                        id: words

                        anchors.verticalCenter: parent.verticalCenter
                        x: root.chosen ? ring.x + ring.width + Works.space(3) : Works.space(4)
                        width: root.chosen ? parent.width - x - Works.space(3) : implicitWidth
                        text: choice.text
                        font.bold: choice.picked
                        Accessible.ignored: true
                    }
                }
            }
        }
    }

    Keyboard {
        id: board

        visible: root.lettered
        x: -Works.gutter
        width: root.width + 2 * Works.gutter
        y: root.height - height
        color: Works.line
        vm: root.vm ? root.vm.input : null
    }

    NumberPad {
        id: pad

        visible: root.kind !== "" && !root.chosen && !root.lettered
        prefix: "maint-key-"
        letter: root.kind === "number" ? "." : ""
        x: root.beside ? root.width - width : -Works.gutter
        width: root.beside ? Works.aside : root.width + 2 * Works.gutter
        y: root.beside ? 0 : root.height - height
        color: root.beside ? Works.ground : Works.line
        onPressed: digit => root.vm.input.press(digit)
        onErased: root.vm.input.erase()
    }
}
