"""A small panel for the tests of the doubles."""

import slicer
import slicer.util

PANEL = """<ui version="4.0">
 <widget class="qMRMLWidget" name="Toy"><layout class="QVBoxLayout">
  <item><widget class="ctkCollapsibleButton" name="section"><property name="text"><string>Inputs</string></property>
   <layout class="QFormLayout"><item row="0" column="1"><widget class="qMRMLNodeComboBox" name="selector">
    <property name="nodeTypes"><stringlist><string>vtkMRMLScalarVolumeNode</string></stringlist></property>
    <property name="showChildNodeTypes"><bool>false</bool></property>
    <property name="SlicerParameterName" stdset="0"><string>volume</string></property></widget></item></layout></widget></item>
  <item><widget class="qMRMLNodeComboBox" name="forgotten">
    <property name="nodeTypes"><stringlist><string>vtkMRMLScalarVolumeNode</string></stringlist></property></widget></item>
  <item><widget class="ctkSliderWidget" name="slider">
    <property name="SlicerParameterName" stdset="0"><string>threshold</string></property></widget></item>
  <item><widget class="QCheckBox" name="box">
    <property name="SlicerParameterName" stdset="0"><string>thorough</string></property></widget></item>
  <item><widget class="QComboBox" name="plane">
    <property name="SlicerParameterName" stdset="0"><string>plane</string></property></widget></item>
  <item><widget class="QComboBox" name="device">
    <property name="SlicerParameterName" stdset="0"><string>device</string></property></widget></item>
 </layout></widget>
 <customwidgets>
  <customwidget><class>qMRMLWidget</class><extends>QWidget</extends><header>qMRMLWidget.h</header><container>1</container></customwidget>
  <customwidget><class>qMRMLNodeComboBox</class><extends>QWidget</extends><header>qMRMLNodeComboBox.h</header></customwidget>
  <customwidget><class>ctkCollapsibleButton</class><extends>QWidget</extends><header>ctk.h</header><container>1</container></customwidget>
  <customwidget><class>ctkSliderWidget</class><extends>QWidget</extends><header>ctkSliderWidget.h</header></customwidget>
 </customwidgets>
 <connections><connection><sender>Toy</sender><signal>mrmlSceneChanged(vtkMRMLScene*)</signal>
  <receiver>selector</receiver><slot>setMRMLScene(vtkMRMLScene*)</slot></connection></connections>
</ui>"""


def load(folder, text):
    (folder / "Toy.ui").write_text(text)
    return slicer.util.loadUI(str(folder / "Toy.ui"))
