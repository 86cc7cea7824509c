pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// Leaving and going back on the left, another way beside the one way forward on the right. Where they do not fit
// side by side the ways forward stand above; in the panel of a landscape screen each has a line of its own.
Item {
    id: root

    property string quitText: ""
    property string leftText: ""
    property string leftName: "nav-back"
    property string leftTone: "secondary"
    property string otherText: ""
    property string otherName: ""
    property string rightText: ""
    property string rightName: "nav-next"
    property string rightTone: "primary"
    property bool rightEnabled: true
    property string rightInstead: ""
    property bool rightReplaced: false
    property bool column: false
    readonly property int gap: Theme.space(4)
    readonly property int lineGap: Theme.space(3)
    readonly property bool ahead: right.visible || other.visible
    readonly property bool behind: quit.visible || left.visible
    readonly property real natural: width_(quit) + width_(left) + width_(other) + width_(right)
    readonly property bool oneLine: !root.column && !other.visible && root.natural - root.gap <= root.width
    readonly property bool twoLines: root.ahead && root.behind && !root.oneLine
    readonly property real half: (root.width - root.gap) / 2
    readonly property bool abreast: !root.column && other.visible && right.visible
                                    && other.wordsWidth <= root.half && right.wordsWidth <= root.half
    readonly property real aheadHeight: !other.visible ? right.shownHeight
        : root.abreast ? Math.max(other.shownHeight, right.shownHeight)
                       : right.shownHeight + (right.visible ? root.lineGap : 0) + other.shownHeight
    readonly property real behindTop: root.twoLines ? root.aheadHeight + root.lineGap : 0
    readonly property real behindHeight: Math.max(quit.shownHeight, left.shownHeight)

    signal quitTapped
    signal leftTapped
    signal otherTapped
    signal rightTapped

    function width_(pill: PillButton): real {
        return pill && pill.visible ? pill.naturalWidth + root.gap : 0
    }

    implicitHeight: root.oneLine ? Math.max(root.aheadHeight, root.behindHeight)
                                 : root.behindTop + (root.behind ? root.behindHeight : root.aheadHeight)

    PillButton {
        id: quit

        readonly property real shownHeight: visible ? implicitHeight : 0

        objectName: "nav-quit"
        visible: root.quitText !== ""
        text: root.quitText
        least: root.twoLines ? Theme.actionBehind : Theme.action
        width: !root.column ? Math.min(naturalWidth, root.width) : left.visible ? root.half : root.width
        y: root.behindTop
        onTapped: root.quitTapped()
    }

    PillButton {
        id: left

        readonly property real shownHeight: visible ? implicitHeight : 0

        objectName: root.leftName
        visible: root.leftText !== ""
        text: root.leftText
        tone: root.leftTone
        least: quit.least
        width: !root.column ? Math.min(naturalWidth, root.width) : quit.visible ? root.half : root.width
        x: quit.visible ? quit.width + root.gap : 0
        y: root.behindTop
        onTapped: root.leftTapped()
    }

    PillButton {
        id: other

        readonly property real shownHeight: visible ? implicitHeight : 0

        objectName: root.otherName
        visible: root.otherText !== ""
        text: root.otherText
        width: root.abreast ? root.half : root.width
        y: root.abreast || !right.visible ? 0 : right.height + root.lineGap
        onTapped: root.otherTapped()
    }

    PillButton {
        id: right

        readonly property real shownHeight: visible ? implicitHeight : 0
        readonly property bool wide: root.rightTone !== "secondary"

        objectName: root.rightName
        visible: root.rightText !== ""
        text: root.rightText
        instead: root.rightInstead
        replaced: root.rightReplaced
        tone: root.rightTone
        enabled: root.rightEnabled
        width: root.abreast ? root.half : !root.oneLine ? root.width
             : wide ? root.width - (quit.visible ? quit.width + root.gap : 0) - (left.visible ? left.width + root.gap : 0)
                    : Math.min(naturalWidth, root.width)
        x: root.width - width
        onTapped: root.rightTapped()
    }
}
