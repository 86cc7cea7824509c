pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// The five panels that can lie over any page. That the power is out weighs most: the time it leaves cannot be extended.
Item {
    id: root

    property var chrome: null

    Overlay {
        objectName: "help-panel"
        visible: root.chrome ? root.chrome.helpCalled && !root.chrome.warning && root.chrome.power === ""
                             : false
        readonly property bool reachable: root.chrome ? root.chrome.helpPhone !== "" : false

        title: reachable ? Words.t("help.title") : Words.t("help.nearby")
        lead: reachable ? Words.t("help.phone", root.chrome.helpPhone) : Words.t("help.lead")
        leftText: root.chrome && root.chrome.helperPossible ? Words.t("help.staff") : ""
        leftName: "help-staff"
        rightText: Words.t("help.close")
        rightName: "help-close"
        onLeftTapped: root.chrome.callHelper()
        onRightTapped: root.chrome.closeHelp()
    }

    Overlay {
        objectName: "own-panel"
        readonly property string why: root.chrome ? root.chrome.handover : ""

        visible: why !== "" && !root.chrome.warning && !root.chrome.cardMissing && !root.chrome.helpCalled
                 && root.chrome.power === ""
        title: why !== "" ? Words.t("own." + why + ".title") : ""
        lead: why === "" ? "" : root.chrome.handoverFace ? Words.t("own." + why + ".lead") + "\n" + Words.t("own.face.lead")
                                                        : Words.t("own." + why + ".lead")
        leftText: root.chrome && root.chrome.handoverFace ? Words.t("own.face") : ""
        leftName: "own-face"
        rightText: Words.t("own.go")
        rightName: "own-go"
        onLeftTapped: root.chrome.takeOver(true)
        onRightTapped: root.chrome.takeOver(false)
    }

    Overlay {
        objectName: "card-panel"
        visible: root.chrome ? root.chrome.cardMissing && !root.chrome.warning && !root.chrome.helpCalled
                               && root.chrome.power === "" : false
        title: Words.t("card.title")
        lead: root.chrome && root.chrome.secondsLeft >= 0 ? Words.t("card.lead", root.chrome.secondsLeft)
                                                          : Words.t("card.wait")
        leftText: Words.t("nav.quit")
        leftName: "card-quit"
        onLeftTapped: root.chrome.quit()

        ReaderPicture {
            visible: !Theme.landscape || !Theme.elder
            anchors.horizontalCenter: parent ? parent.horizontalCenter : undefined
            width: implicitWidth
            height: visible ? implicitHeight : 0
            live: visible
        }
    }

    Overlay {
        objectName: "warning-panel"
        visible: root.chrome ? root.chrome.warning && root.chrome.power === "" : false
        title: Words.t("warning.title")
        lead: root.chrome && root.chrome.secondsLeft >= 0 ? Words.t("warning.lead", root.chrome.secondsLeft) : ""
        leftText: Words.t("nav.quit")
        leftName: "warning-quit"
        rightText: Words.t("warning.stay")
        rightName: "warning-stay"
        onLeftTapped: root.chrome.quit()
        onRightTapped: root.chrome.stay()
    }

    Overlay {
        objectName: "power-panel"
        readonly property string state_: root.chrome ? root.chrome.power : ""
        readonly property bool ending: state_ === "ending" || state_ === "ending_saved"

        visible: state_ !== ""
        title: Words.t("power.title")
        lead: state_ === "finishing" ? Words.t("power.finishing")
            : ending && root.chrome.secondsLeft >= 0 ? Words.t("power." + state_, root.chrome.secondsLeft) : ""
        leftText: ending ? Words.t("power.now") : ""
        leftName: "power-quit"
        onLeftTapped: root.chrome.quit()
    }
}
