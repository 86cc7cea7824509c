pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// The three panels that can lie over any page.
Item {
    id: root

    property var chrome: null

    Overlay {
        objectName: "help-panel"
        visible: root.chrome ? root.chrome.helpCalled && !root.chrome.warning : false
        readonly property bool reachable: root.chrome ? root.chrome.helpPhone !== "" : false

        title: reachable ? Words.t("help.title") : Words.t("help.nearby")
        lead: reachable ? Words.t("help.phone", root.chrome.helpPhone) : Words.t("help.lead")
        rightText: Words.t("help.close")
        rightName: "help-close"
        onRightTapped: root.chrome.closeHelp()
    }

    Overlay {
        objectName: "card-panel"
        visible: root.chrome ? root.chrome.cardMissing && !root.chrome.warning && !root.chrome.helpCalled : false
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
        visible: root.chrome ? root.chrome.warning : false
        title: Words.t("warning.title")
        lead: root.chrome && root.chrome.secondsLeft >= 0 ? Words.t("warning.lead", root.chrome.secondsLeft) : ""
        leftText: Words.t("nav.quit")
        leftName: "warning-quit"
        rightText: Words.t("warning.stay")
        rightName: "warning-stay"
        onLeftTapped: root.chrome.quit()
        onRightTapped: root.chrome.stay()
    }
}
