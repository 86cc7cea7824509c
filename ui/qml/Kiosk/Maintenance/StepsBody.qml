pragma ComponentBehavior: Bound

import QtQuick

// A guided repair: which step, what to do in large words, what it looks like, and what the sensors say meanwhile.
Item {
    id: root

    property var vm: null
    readonly property real textWidth: Works.wide ? root.width - Works.aside - Works.space(6) : root.width

    ScenePicture {
        id: beside

        visible: Works.wide
        anchors.right: parent.right
        anchors.verticalCenter: parent.verticalCenter
        width: Works.aside
        height: root.height
        name: root.vm ? root.vm.stepPicture : ""
    }

    WorkScroll {
        width: root.textWidth
        height: root.height
        begins: root.vm ? root.vm.path + root.vm.step : ""

        WorkTop {
            width: parent.width
            vm: root.vm
        }

        StepLine {
            vm: root.vm
        }

        WorkText {
            width: parent.width
            visible: text !== ""
            text: root.vm ? root.vm.stepText : ""
            font.pixelSize: Works.instruction
            font.bold: true
            lineHeight: 1.05
        }

        ScenePicture {
            visible: !Works.wide && name !== ""
            width: parent.width
            height: !visible ? 0 : scene ? Works.scenery : Works.tallScenery
            name: root.vm ? root.vm.stepPicture : ""
        }

        WorkRows {
            width: parent.width
            vm: root.vm
            rows: root.vm ? root.vm.live : null
            abreast: false
        }

        WorkRows {
            width: parent.width
            vm: root.vm
            rows: root.vm ? root.vm.entries : null
            abreast: false
        }
    }
}
