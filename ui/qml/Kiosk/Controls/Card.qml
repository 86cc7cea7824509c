pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// A white sheet on the paper. Its height follows what lies on it.
Rectangle {
    id: root

    default property alias content: inner.data
    property int padding: Theme.space(5.5)
    property int gap: Theme.space(2)

    width: parent ? parent.width : 0
    height: inner.height + 2 * root.padding
    radius: Theme.radius
    color: Theme.surface
    border.width: Theme.hairline
    border.color: Theme.line

    Column {
        id: inner

        x: root.padding
        y: root.padding
        width: root.width - 2 * root.padding
        spacing: root.gap
    }
}
