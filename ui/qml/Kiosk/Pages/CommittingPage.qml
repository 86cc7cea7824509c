pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// The moment in which the matter is made safe. Nothing can be pressed, and nothing is promised yet.
Item {
    id: root

    property var vm: null

    Column {
        anchors.centerIn: parent
        width: parent.width - 2 * Theme.gutter
        spacing: Theme.space(3)

        Heading {
            width: parent.width
            horizontalAlignment: Text.AlignHCenter
            text: Words.t("committing.title")
        }

        Label {
            width: parent.width
            horizontalAlignment: Text.AlignHCenter
            text: Words.t("committing.lead")
            font.pixelSize: Theme.lead
            color: Theme.ink2
        }
    }
}
