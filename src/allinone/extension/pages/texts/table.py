"""Everything the pages say: one typed table, so that a text missing in a language is a type error."""

from dataclasses import dataclass

from allinone.extension.pages.languages import Language


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one language; `{names}` in braces are filled in by `str.format`."""

    language: Language
    app_name: str
    search_label: str
    placeholder: str
    placeholder_text_only: str
    search: str
    clear_search: str
    skip_to_photos: str
    status: str
    log_out: str
    unreadable_link_one: str
    unreadable_link: str
    found_none: str
    found_one: str
    found_many: str
    found_more: str
    empty_text: str
    empty_any: str
    empty_still_reading: str
    empty_library: str
    empty_library_hint: str
    hints_heading: str
    hint_ocr_example: str
    hint_ocr: str
    hint_quotes_example: str
    hint_quotes: str
    hint_without_example: str
    hint_without: str
    reading: str
    scanning: str
    notice_no_clip_model: str
    notice_encoder_failed: str
    notice_not_embedded: str
    notice_folder: str
    show_more: str
    show_new: str
    found_by_picture: str
    video: str
    back_to_photos: str
    back_to_results: str
    asked: str
    previous: str
    next: str
    photo_alt: str
    preview_missing: str
    text_heading: str
    show_boxes: str
    copy: str
    copy_all: str
    copy_line: str
    copied: str
    no_text: str
    not_read_yet: str
    unreadable_photo: str
    why_heading: str
    score: str
    text_score: str
    picture_similarity: str
    picture_z: str
    kind_phrase: str
    kind_all_terms: str
    kind_fuzzy: str
    picture_strong: str
    picture_fair: str
    picture_weak: str
    picture_plain: str
    details_heading: str
    file_name: str
    folder: str
    taken_at: str
    file_size: str
    dimensions: str
    duration: str
    camera: str
    lens: str
    download: str
    recognition_heading: str
    regenerate_ocr: str
    regenerate_clip: str
    clip_unavailable: str
    state_waiting: str
    state_running: str
    state_done: str
    state_failed: str
    status_title: str
    progress_heading: str
    progress_total: str
    progress_done: str
    progress_waiting: str
    progress_failed: str
    progress_idle: str
    models_heading: str
    model_ocr: str
    model_clip: str
    model_none: str
    library_heading: str
    library_folder: str
    reachable: str
    unreachable: str
    unreadable_heading: str
    unreadable_none: str
    unreadable_file: str
    unreadable_reason: str
    unreadable_since: str
    page_of: str
    previous_page: str
    next_page: str
    versions_heading: str
    not_found: str
    not_found_hint: str
    problem: str
    problem_poll: str
    date_time: str

    def found(self, count: int, *, more: bool) -> str:
        """How many photos a search found, or has shown so far."""
        if more:
            return self.found_more.format(count=count)
        if count == 0:
            return self.found_none
        return self.found_one if count == 1 else self.found_many.format(count=count)

    def unreadable(self, count: int) -> str:
        """How many files could not be read."""
        return self.unreadable_link_one if count == 1 else self.unreadable_link.format(count=count)
