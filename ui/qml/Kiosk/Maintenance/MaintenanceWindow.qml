pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// The window of those who keep the machine: a dark bar, the page on grey ground, a dark foot. Loaded when they come, and
// gone when they leave.
Rectangle {
    id: root

    property var bridge: null
    readonly property var vm: root.bridge ? root.bridge.maintenance : null
    readonly property bool there: root.vm ? root.vm.there : false
    readonly property string path: root.there ? root.vm.path : ""
    readonly property string template: root.there ? root.vm.template : ""
    readonly property bool whole: root.template === "touch" || root.template === "colours"
    property bool menu: false
    readonly property bool covered: root.menu || (root.vm ? root.vm.asking : false)

    function file(template: string): string {
        switch (template) {
        case "list": return "ListBody.qml"
        case "menu": return "MenuBody.qml"
        case "steps": return "StepsBody.qml"
        case "form": return "FormBody.qml"
        case "preview": return "PreviewBody.qml"
        case "touch": return "TouchBody.qml"
        case "colours": return "ColoursBody.qml"
        case "keypad": return root.vm.kind !== "" ? "FormBody.qml" : "KeypadBody.qml"
        default: return ""
        }
    }

    color: Works.ground
    onPathChanged: root.menu = false

    // Sees every touch and takes none.
    PointHandler {
        onActiveChanged: if (active && root.vm) root.vm.stir()
    }

    Item {
        anchors.fill: parent
        enabled: !root.covered

        WorkBar {
            id: bar

            width: parent.width
            visible: !root.whole
            vm: root.vm
        }

        Item {
            id: busy

            y: bar.height
            visible: root.there && !root.whole && root.vm.busy !== ""
            width: parent.width
            height: visible ? Works.space(1.5) + busyWords.height + Works.space(2) : 0

            Rectangle {
                anchors.fill: parent
                color: Works.amberSoft
            }

            Rectangle {
                id: runner

                width: parent.width / 3
                height: Works.space(1.5)
                color: Works.amber

                NumberAnimation on x {
                    running: busy.visible && !Works.still
                    loops: Animation.Infinite
                    from: -runner.width
                    to: busy.width
                    duration: Works.pace
                }
            }

            WorkText {
                id: busyWords

                x: Works.gutter
                y: Works.space(2.5)
                width: parent.width - 2 * Works.gutter
                text: root.there ? root.vm.busy : ""
                font.bold: true
                Accessible.role: Accessible.AlertMessage
            }
        }

        Loader {
            id: body

            readonly property bool standing: body.status === Loader.Ready || root.template === ""
            readonly property int margin: root.whole ? 0 : Works.gutter

            x: body.margin
            y: root.whole ? 0 : bar.height + busy.height + Works.space(Works.wide ? 3 : 4)
            width: root.width - 2 * body.margin
            height: root.height - y - (root.whole ? 0 : foot.height + (filled ? 0 : Works.space(Works.wide ? 2 : 3)))
            readonly property bool filled: (root.template === "form" || root.template === "keypad")
                                           && root.vm.kind !== "" && root.vm.kind !== "choice" && root.vm.kind !== "switch"
            source: root.file(root.template)

            Binding {
                target: body.item
                property: "vm"
                value: root.vm
            }
        }

        WorkText {
            anchors.centerIn: parent
            visible: !root.there
            text: Words.t("maint.window.wait")
            color: Works.ink2
        }

        WorkFoot {
            id: foot

            anchors.bottom: parent.bottom
            width: parent.width
            visible: root.there && !root.whole
            vm: root.vm
            onMenuWanted: root.menu = true
        }
    }

    WorkPanel {
        objectName: "maint-menu-panel"
        breadth: Works.menuPanel
        visible: root.menu && root.there && !root.vm.asking

        WorkText {
            width: parent.width
            text: Words.t("maint.window.menu")
            font.pixelSize: Works.title
            font.bold: true
            Accessible.role: Accessible.Heading
        }

        WorkMenu {
            width: parent.width
            vm: root.vm
            onOpened: root.menu = false
        }

        WorkButton {
            objectName: "maint-menu-close"
            width: parent.width
            text: Words.t("maint.window.close")
            size: Works.buttonBehind
            onTapped: root.menu = false
        }
    }

    WorkPanel {
        objectName: "maint-ask-panel"
        visible: root.there && root.vm.asking

        WorkText {
            width: parent.width
            text: root.vm ? root.vm.askText : ""
            font.pixelSize: Works.instruction
            font.bold: true
            Accessible.role: Accessible.AlertMessage
        }

        Flow {
            id: answers

            readonly property bool abreast: no.naturalWidth <= (width - spacing) / 2 && yes.naturalWidth <= (width - spacing) / 2
            readonly property real each: answers.abreast ? Math.floor((width - spacing) / 2) : width

            width: parent.width
            spacing: Works.space(3)

            WorkButton {
                id: no

                objectName: "maint-ask-no"
                width: answers.each
                text: root.vm ? root.vm.noText : ""
                onTapped: root.vm.answer(false)
            }

            WorkButton {
                id: yes

                objectName: "maint-ask-yes"
                width: answers.each
                text: root.vm ? root.vm.yesText : ""
                weight: root.vm && root.vm.yesWeight === "danger" ? "danger" : "main"
                onTapped: root.vm.answer(true)
            }
        }
    }
}
