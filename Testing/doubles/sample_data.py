"""Stand-in for the Sample Data module, as in Slicer 5.12."""

import slicer


class SampleDataSource:
    """One entry of the Sample Data module."""

    def __init__(
        self,
        sampleName=None,
        sampleDescription=None,
        uris=None,
        fileNames=None,
        nodeNames=None,
        checksums=None,
        loadFiles=None,
        customDownloader=None,
        thumbnailFileName=None,
        loadFileTypes=None,
        loadFileProperties=None,
        loadFileType=None,
    ):
        one = isinstance(uris, str)
        count = 1 if one else len(uris)  # also a source with a downloader of its own has addresses
        listed = (fileNames, nodeNames, checksums, loadFiles, loadFileTypes or loadFileType)
        listed = [[value] if one else value or [None] * count for value in listed]
        self.fileNames, self.nodeNames, self.checksums, self.loadFiles, self.loadFileTypes = listed
        if any(len(values) != count for values in listed):
            raise ValueError("All fields of sample data source must have the same length")
        self.uris = [uris] if one else uris
        self.sampleName, self.sampleDescription = sampleName, sampleDescription or sampleName
        self.loadFileProperties, self.customDownloader, self.thumbnailFileName = (
            loadFileProperties or {},
            customDownloader,
            thumbnailFileName,
        )


class SampleDataLogic:
    """Where extensions register their samples."""

    @staticmethod
    def registerCustomSampleDataCategory(category, title):
        categories = vars(slicer.modules).setdefault("sampleDataSourceCategories", {})
        categories.setdefault(category, {})["title"] = title

    @staticmethod
    def registerCustomSampleDataSource(
        category="Custom",
        sampleName=None,
        uris=None,
        fileNames=None,
        nodeNames=None,
        customDownloader=None,
        thumbnailFileName=None,
        loadFileTypes=None,
        loadFiles=None,
        loadFileProperties=None,
        checksums=None,
        loadFileType=None,
    ):
        source = SampleDataSource(
            sampleName=sampleName,
            uris=uris,
            fileNames=fileNames,
            nodeNames=nodeNames,
            customDownloader=customDownloader,
            thumbnailFileName=thumbnailFileName,
            loadFileTypes=loadFileTypes,
            loadFileType=loadFileType,
            loadFiles=loadFiles,
            loadFileProperties=loadFileProperties,
            checksums=checksums,
        )
        sources = vars(slicer.modules).setdefault("sampleDataSources", {}).setdefault(category, [])
        if all(vars(one) != vars(source) for one in sources):
            sources.append(source)

    @staticmethod
    def sampleDataSourcesByCategory(category=None):
        sources = vars(slicer.modules).setdefault("sampleDataSources", {})
        return sources if category is None else sources.get(category, [])


MODULES = {"SampleData": {"SampleDataLogic": SampleDataLogic, "SampleDataSource": SampleDataSource}}
