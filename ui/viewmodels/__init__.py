"""One small object per page: what it shows as properties, what can be touched as slots. No input or output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

    from ui.viewmodels.base import PageModel, Post
    from ui.viewmodels.chrome import ChromeModel
    from ui.words import Words


def build(words: Words, post: Post, chrome: ChromeModel, parent: QObject) -> dict[str, Any]:
    """The view model of every page by the page's name. Imported here, after the first frame."""
    from ui.viewmodels.arriving import GuideModel
    from ui.viewmodels.cases import CaseModel, CasesModel
    from ui.viewmodels.collecting import CollectModel
    from ui.viewmodels.entry import EntryModel
    from ui.viewmodels.errands import HandedInModel, SupplementModel, WithdrawModel
    from ui.viewmodels.finishing import FarewellModel, OutOfServiceModel, RateModel, TroubleModel
    from ui.viewmodels.form import FormModel
    from ui.viewmodels.helping import HelperModel
    from ui.viewmodels.home import HomeModel, SearchModel
    from ui.viewmodels.identifying import ConsentModel, FaceModel, IdentifyModel, OtherWayModel
    from ui.viewmodels.keeping import KeepModel, ResumeModel
    from ui.viewmodels.licensing import LicenceModel
    from ui.viewmodels.outcome import OutcomeModel
    from ui.viewmodels.promising import CommitmentModel, CommittingModel, ReviewModel, SignModel
    from ui.viewmodels.querying import QueryModel
    from ui.viewmodels.scanning import MaterialModel
    from ui.viewmodels.uploading import UploadModel

    kinds: dict[str, type[PageModel]] = {
        "home": HomeModel,
        "search": SearchModel,
        "guide": GuideModel,
        "consent": ConsentModel,
        "face": FaceModel,
        "other_way": OtherWayModel,
        "collect": CollectModel,
        "resume": ResumeModel,
        "cases": CasesModel,
        "case": CaseModel,
        "supplement": SupplementModel,
        "withdraw": WithdrawModel,
        "handed_in": HandedInModel,
        "query": QueryModel,
        "licence": LicenceModel,
        "form": FormModel,
        "material": MaterialModel,
        "upload": UploadModel,
        "commitment": CommitmentModel,
        "review": ReviewModel,
        "sign": SignModel,
        "keep": KeepModel,
        "helper": HelperModel,
        "committing": CommittingModel,
        "outcome": OutcomeModel,
        "trouble": TroubleModel,
        "rate": RateModel,
        "farewell": FarewellModel,
    }
    models: dict[str, Any] = {name: kind(words, post, parent) for name, kind in kinds.items()}
    models["identify"] = IdentifyModel(words, post, chrome, parent)
    models["out_of_service"] = OutOfServiceModel(words, post, chrome, parent)
    models["under_work"] = OutOfServiceModel(words, post, chrome, parent)
    models["entry"] = EntryModel(words, post, chrome, parent)
    return models
