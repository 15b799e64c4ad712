"""PythonQt's style is answered as in Slicer, and what Slicer lacks is refused."""

import sys

import ctk
import doubles
import pytest
import qt
import slicer
from toy_panel import PANEL, load


class TestPythonQtStyle:
    @pytest.mark.parametrize(
        "make, name, value",
        [
            (lambda: qt.QPushButton("Apply"), "text", "Cancel"),
            (lambda: qt.QLabel(), "toolTip", "Why"),
            (lambda: qt.QCheckBox(), "checked", True),
            (lambda: qt.QProgressBar(), "value", 7),
            (lambda: qt.QSlider(), "maximum", 12),
            (lambda: qt.QPlainTextEdit(), "plainText", "log"),
            (lambda: qt.QTimer(), "interval", 20),
            (lambda: ctk.ctkSliderWidget(), "value", 3.5),
            (lambda: ctk.ctkCollapsibleButton(), "collapsed", True),
            (lambda: slicer.qMRMLNodeComboBox(), "noneEnabled", True),
        ],
    )
    def test_a_property_is_an_attribute(self, make, name, value):
        widget = make()
        assert getattr(widget, name) != value
        setattr(widget, name, value)
        assert getattr(widget, name) == value

    def test_current_item_of_a_combo_box_is_a_property_and_another_items_data_a_method(self):
        combo = qt.QComboBox()
        combo.addItem("first", "a")
        combo.addItem("second", "b")
        combo.currentIndex = 1
        assert (combo.count, combo.currentText, combo.currentData, combo.itemData(0), combo.itemText(0)) == (2, "second", "b", "a", "first")

    def test_a_signal_connects_by_its_signature_and_a_slot_takes_what_it_wants(self):
        button, seen = qt.QPushButton(), []
        button.checkable = True
        button.connect("clicked(bool)", seen.append)
        button.connect("clicked()", lambda: seen.append("no argument"))
        button.connect("clicked(bool)", lambda: seen.append("none wanted"))
        button.click()
        assert seen == [True, "no argument", "none wanted"]

    def test_a_signal_is_disconnected_and_emitted(self):
        button, seen = qt.QPushButton(), []
        button.clicked.connect(seen.append)
        button.clicked(True)
        button.clicked.disconnect(seen.append)
        button.clicked(True)
        assert seen == [True]

    def test_one_object_has_one_proxy_of_its_class(self, toy_panel):
        box = slicer.util.findChild(toy_panel, "box")
        assert type(box) is qt.QCheckBox
        assert isinstance(box, qt.QWidget)
        assert box.parent() is toy_panel

    def test_a_process_is_run_by_slicers_own_calls(self, spin_until):
        process, ended = qt.QProcess(), []
        process.setProcessChannelMode(qt.QProcess.MergedChannels)
        process.connect("finished(int,QProcess::ExitStatus)", lambda code, status: ended.append((code, status == qt.QProcess.NormalExit)))
        process.start(sys.executable, ["-c", "print('ready'); input()"])
        assert spin_until(lambda: process.bytesAvailable() > 0)
        assert process.readAllStandardOutput().data().strip() == b"ready"
        process.closeWriteChannel()
        assert spin_until(lambda: ended)
        assert ended == [(1, True)]

    def test_settings_are_not_the_users(self):
        qt.QSettings().setValue("MRIAnomaly/Device", "cpu")
        assert slicer.util.settingsValue("MRIAnomaly/Device", "auto") == "cpu"
        assert qt.QSettings().fileName().startswith(slicer.app.temporaryPath)

    def test_a_shortcut_answers_its_key(self, toy_panel):
        pressed = []
        shortcut = qt.QShortcut(qt.QKeySequence("H"), toy_panel)
        shortcut.connect("activated()", lambda: pressed.append("H"))
        doubles.press(toy_panel, qt.Qt.Key_H)
        assert pressed == ["H"]


class TestRefusal:
    @pytest.mark.parametrize(
        "use",
        [
            lambda: qt.QPushButton().connect("pressed(int)", print),
            lambda: setattr(qt.QPushButton(), "caption", "x"),
            lambda: setattr(qt.QPushButton(), "text", None),
            lambda: qt.QPushButton().labelText,
            lambda: slicer.qMRMLNodeComboBox().selectedNode(),
            lambda: slicer.qMRMLPlotView().mrmlPlotViewNode(),  # there, but not for Python
            lambda: slicer.qMRMLNodeComboBox().connect("nodeChosen(vtkMRMLNode*)", print),
            lambda: slicer.app.closeScene(),
            lambda: slicer.app.layoutManager().sliceViews(),
            lambda: ctk.QPushButton,
            lambda: qt.ctkSliderWidget,
            lambda: qt.QCheckBox().checkStateChanged,  # in Qt 6 only
        ],
    )
    def test_an_invented_name_is_refused(self, use):
        with pytest.raises(AttributeError):
            use()

    def test_a_widget_without_stand_in_can_be_named_but_not_made(self):
        assert type(qt.QCheckBox()) is not ctk.ctkCheckBox
        with pytest.raises(NotImplementedError, match="ctkCheckBox"):
            ctk.ctkCheckBox()

    @pytest.mark.parametrize(
        "old, new, complaint",
        [
            ('name="showChildNodeTypes"', 'name="showChildren"', "no property 'showChildren'"),
            ("<receiver>selector", "<receiver>inputSelector", "does not have: inputSelector"),
            ("ctkSliderWidget", "ctkSlidingWidget", "no ctkSlidingWidget"),
        ],
    )
    def test_a_ui_file_with_an_error_does_not_load(self, tmp_path, old, new, complaint):
        with pytest.raises(RuntimeError, match=complaint):
            load(tmp_path, PANEL.replace(old, new))
