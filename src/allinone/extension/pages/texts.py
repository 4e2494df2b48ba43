"""Everything the pages say, in three languages: one typed table, so a missing text is a type error."""

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


_TRADITIONAL = Texts(
    language=Language.TRADITIONAL,
    app_name="相片",
    search_label="搜尋相片",
    placeholder="搜尋相片中的文字或畫面",
    placeholder_text_only="搜尋相片中的文字",
    search="搜尋",
    clear_search="清除搜尋",
    skip_to_photos="跳到相片",
    status="狀態",
    unreadable_link_one="1 個檔案無法讀取",
    unreadable_link="{count} 個檔案無法讀取",
    found_none="沒有找到相片",
    found_one="找到 1 張相片",
    found_many="找到 {count} 張相片",
    found_more="最相符的 {count} 張相片",
    empty_text="沒有相片含有「{query}」",
    empty_any="沒有相片符合「{query}」",
    empty_still_reading="還有相片正在讀取（{done} / {total}），稍後可能會找到。",
    empty_library="還沒有相片",
    empty_library_hint="把相片放進相片資料夾，就會自動出現在這裡。",
    hints_heading="搜尋小技巧",
    hint_ocr_example="ocr:發票",
    hint_ocr="只搜尋相片裡的文字",
    hint_quotes_example='"電子發票證明聯"',
    hint_quotes="一字不差、連在一起的文字",
    hint_without_example="發票 -便利商店",
    hint_without="不含某個詞",
    reading="正在讀取相片：{done} / {total}",
    scanning="正在查看資料夾…",
    notice_no_clip_model="尚未安裝 CLIP 模型，目前只能用相片裡的文字搜尋。要用畫面搜尋，請執行 {command}",
    notice_encoder_failed="CLIP 模型沒有回應，這次只用文字搜尋。",
    notice_not_embedded="CLIP 模型還沒有讀過這張相片，無法用它來比較。",
    notice_folder="相片資料夾有問題，已讀取的相片仍可搜尋。{message}",
    show_more="顯示更多",
    show_new="有新相片，按此更新",
    found_by_picture="畫面相符",
    video="影片",
    back_to_photos="所有相片",
    back_to_results="搜尋結果",
    asked="「{query}」",
    previous="上一張",
    next="下一張",
    photo_alt="相片 {name}",
    preview_missing="無法顯示預覽",
    text_heading="相片中的文字",
    show_boxes="顯示文字框",
    copy="複製",
    copy_all="全部複製",
    copy_line="複製「{line}」",
    copied="已複製",
    no_text="這張相片裡沒有找到文字。",
    not_read_yet="這張相片還沒有讀取，完成後文字會自動出現。",
    unreadable_photo="這個檔案無法讀取：{reason}",
    why_heading="為什麼找到這張",
    score="總分",
    text_score="文字分數",
    picture_similarity="畫面相似度",
    picture_z="突出程度（z）",
    kind_phrase="相片裡有一模一樣的文字。",
    kind_all_terms="相片裡有所有的字詞。",
    kind_fuzzy="相片裡有非常接近的文字（辨識時可能錯了一個字）。",
    picture_strong="畫面非常相符，明顯勝過其他相片。",
    picture_fair="畫面相符，比多數相片更接近。",
    picture_weak="畫面略有相似。",
    picture_plain="畫面與搜尋內容相似。",
    details_heading="檔案資訊",
    file_name="檔名",
    folder="資料夾",
    taken_at="日期",
    file_size="檔案大小",
    dimensions="尺寸",
    duration="長度",
    camera="相機",
    lens="鏡頭",
    download="下載原始檔",
    recognition_heading="辨識資料",
    regenerate_ocr="重新產生 OCR 資料",
    regenerate_clip="重新產生 CLIP 資料",
    clip_unavailable="尚未安裝 CLIP 模型。安裝方式：{command}",
    state_waiting="等待中…",
    state_running="進行中…",
    state_done="完成",
    state_failed="失敗：{reason}",
    status_title="狀態",
    progress_heading="讀取進度",
    progress_total="全部",
    progress_done="已讀取",
    progress_waiting="等待中",
    progress_failed="無法讀取",
    progress_idle="沒有等待讀取的相片。",
    models_heading="使用中的模型",
    model_ocr="文字辨識",
    model_clip="畫面搜尋（CLIP）",
    model_none="尚未安裝",
    library_heading="相片資料夾",
    library_folder="位置",
    reachable="可以存取",
    unreachable="無法存取",
    unreadable_heading="無法讀取的檔案",
    unreadable_none="所有檔案都能讀取。",
    unreadable_file="檔案",
    unreadable_reason="原因",
    unreadable_since="時間",
    page_of="第 {page} / {pages} 頁",
    previous_page="上一頁",
    next_page="下一頁",
    versions_heading="版本",
    not_found="找不到這個頁面",
    not_found_hint="相片可能已經移走或刪除。",
    problem="現在無法顯示",
    problem_poll="與資料庫的連線中斷，正在重試…",
    date_time="{year}年{month}月{day}日 {hour:02}:{minute:02}",
)

_SIMPLIFIED = Texts(
    language=Language.SIMPLIFIED,
    app_name="照片",
    search_label="搜索照片",
    placeholder="搜索照片中的文字或画面",
    placeholder_text_only="搜索照片中的文字",
    search="搜索",
    clear_search="清除搜索",
    skip_to_photos="跳到照片",
    status="状态",
    unreadable_link_one="1 个文件无法读取",
    unreadable_link="{count} 个文件无法读取",
    found_none="没有找到照片",
    found_one="找到 1 张照片",
    found_many="找到 {count} 张照片",
    found_more="最相符的 {count} 张照片",
    empty_text="没有照片包含“{query}”",
    empty_any="没有照片符合“{query}”",
    empty_still_reading="还有照片正在读取（{done} / {total}），稍后可能会找到。",
    empty_library="还没有照片",
    empty_library_hint="把照片放进照片文件夹，就会自动出现在这里。",
    hints_heading="搜索小技巧",
    hint_ocr_example="ocr:发票",
    hint_ocr="只搜索照片里的文字",
    hint_quotes_example='"增值税电子发票"',
    hint_quotes="一字不差、连在一起的文字",
    hint_without_example="发票 -便利店",
    hint_without="不含某个词",
    reading="正在读取照片：{done} / {total}",
    scanning="正在查看文件夹…",
    notice_no_clip_model="尚未安装 CLIP 模型，目前只能用照片里的文字搜索。要用画面搜索，请运行 {command}",
    notice_encoder_failed="CLIP 模型没有响应，这次只用文字搜索。",
    notice_not_embedded="CLIP 模型还没有读过这张照片，无法用它来比较。",
    notice_folder="照片文件夹有问题，已读取的照片仍可搜索。{message}",
    show_more="显示更多",
    show_new="有新照片，点此更新",
    found_by_picture="画面相符",
    video="视频",
    back_to_photos="所有照片",
    back_to_results="搜索结果",
    asked="“{query}”",
    previous="上一张",
    next="下一张",
    photo_alt="照片 {name}",
    preview_missing="无法显示预览",
    text_heading="照片中的文字",
    show_boxes="显示文字框",
    copy="复制",
    copy_all="全部复制",
    copy_line="复制“{line}”",
    copied="已复制",
    no_text="这张照片里没有找到文字。",
    not_read_yet="这张照片还没有读取，完成后文字会自动出现。",
    unreadable_photo="这个文件无法读取：{reason}",
    why_heading="为什么找到这张",
    score="总分",
    text_score="文字分数",
    picture_similarity="画面相似度",
    picture_z="突出程度（z）",
    kind_phrase="照片里有一模一样的文字。",
    kind_all_terms="照片里有所有的字词。",
    kind_fuzzy="照片里有非常接近的文字（识别时可能错了一个字）。",
    picture_strong="画面非常相符，明显胜过其他照片。",
    picture_fair="画面相符，比多数照片更接近。",
    picture_weak="画面略有相似。",
    picture_plain="画面与搜索内容相似。",
    details_heading="文件信息",
    file_name="文件名",
    folder="文件夹",
    taken_at="日期",
    file_size="文件大小",
    dimensions="尺寸",
    duration="时长",
    camera="相机",
    lens="镜头",
    download="下载原始文件",
    recognition_heading="识别数据",
    regenerate_ocr="重新生成 OCR 数据",
    regenerate_clip="重新生成 CLIP 数据",
    clip_unavailable="尚未安装 CLIP 模型。安装方式：{command}",
    state_waiting="等待中…",
    state_running="进行中…",
    state_done="完成",
    state_failed="失败：{reason}",
    status_title="状态",
    progress_heading="读取进度",
    progress_total="全部",
    progress_done="已读取",
    progress_waiting="等待中",
    progress_failed="无法读取",
    progress_idle="没有等待读取的照片。",
    models_heading="使用中的模型",
    model_ocr="文字识别",
    model_clip="画面搜索（CLIP）",
    model_none="尚未安装",
    library_heading="照片文件夹",
    library_folder="位置",
    reachable="可以访问",
    unreachable="无法访问",
    unreadable_heading="无法读取的文件",
    unreadable_none="所有文件都能读取。",
    unreadable_file="文件",
    unreadable_reason="原因",
    unreadable_since="时间",
    page_of="第 {page} / {pages} 页",
    previous_page="上一页",
    next_page="下一页",
    versions_heading="版本",
    not_found="找不到这个页面",
    not_found_hint="照片可能已经移走或删除。",
    problem="现在无法显示",
    problem_poll="与数据库的连接中断，正在重试…",
    date_time="{year}年{month}月{day}日 {hour:02}:{minute:02}",
)

_ENGLISH = Texts(
    language=Language.ENGLISH,
    app_name="Photos",
    search_label="Search photos",
    placeholder="Search text or scenes in your photos",
    placeholder_text_only="Search the text in your photos",
    search="Search",
    clear_search="Clear search",
    skip_to_photos="Skip to photos",
    status="Status",
    unreadable_link_one="1 file could not be read",
    unreadable_link="{count} files could not be read",
    found_none="No photos found",
    found_one="1 photo found",
    found_many="{count} photos found",
    found_more="The best {count} photos",
    empty_text="No photo contains “{query}”",
    empty_any="No photo matches “{query}”",
    empty_still_reading="Photos are still being read ({done} of {total}); it may turn up later.",
    empty_library="No photos yet",
    empty_library_hint="Put photos into the library folder and they appear here by themselves.",
    hints_heading="Ways to search",
    hint_ocr_example="ocr:invoice",
    hint_ocr="looks only at the text in photos",
    hint_quotes_example='"total due"',
    hint_quotes="finds exactly these words in a row",
    hint_without_example="receipt -coffee",
    hint_without="leaves out a word",
    reading="Photos are being read: {done} of {total}",
    scanning="Looking through the folder…",
    notice_no_clip_model=(
        "No CLIP model is present, so photos are found by their text only. To search by what they show, run {command}"
    ),
    notice_encoder_failed="The CLIP model did not answer, so this search looked at text only.",
    notice_not_embedded="The CLIP model has not read this photo yet, so nothing can be compared with it.",
    notice_folder="Something is wrong with the photo folder; photos already read can still be searched. {message}",
    show_more="Show more",
    show_new="New photos: show them",
    found_by_picture="The picture fits",
    video="Video",
    back_to_photos="All photos",
    back_to_results="Search results",
    asked="“{query}”",
    previous="Previous photo",
    next="Next photo",
    photo_alt="Photo {name}",
    preview_missing="The preview cannot be shown",
    text_heading="Text in this photo",
    show_boxes="Show text areas",
    copy="Copy",
    copy_all="Copy all",
    copy_line="Copy “{line}”",
    copied="Copied",
    no_text="No text was found in this photo.",
    not_read_yet="This photo has not been read yet; its text appears here when it has.",
    unreadable_photo="This file cannot be read: {reason}",
    why_heading="Why it was found",
    score="Overall score",
    text_score="Text score",
    picture_similarity="Picture similarity",
    picture_z="Stands out by (z)",
    kind_phrase="These exact words are in the photo.",
    kind_all_terms="All of the words are in the photo.",
    kind_fuzzy="Very similar words are in the photo (a character may have been misread).",
    picture_strong="The picture fits very well and stands out clearly from the others.",
    picture_fair="The picture fits better than most others.",
    picture_weak="The picture fits a little.",
    picture_plain="The picture resembles what you searched for.",
    details_heading="Details",
    file_name="File name",
    folder="Folder",
    taken_at="Date",
    file_size="File size",
    dimensions="Dimensions",
    duration="Length",
    camera="Camera",
    lens="Lens",
    download="Download original",
    recognition_heading="Recognition",
    regenerate_ocr="Regenerate OCR",
    regenerate_clip="Regenerate CLIP",
    clip_unavailable="No CLIP model is present. To get one, run {command}",
    state_waiting="Waiting…",
    state_running="Running…",
    state_done="Done",
    state_failed="Failed: {reason}",
    status_title="Status",
    progress_heading="Reading photos",
    progress_total="All",
    progress_done="Read",
    progress_waiting="Waiting",
    progress_failed="Could not be read",
    progress_idle="No photo is waiting to be read.",
    models_heading="Models in use",
    model_ocr="Text recognition",
    model_clip="Picture search (CLIP)",
    model_none="Not present",
    library_heading="Photo folder",
    library_folder="Location",
    reachable="Can be reached",
    unreachable="Cannot be reached",
    unreadable_heading="Files that could not be read",
    unreadable_none="Every file could be read.",
    unreadable_file="File",
    unreadable_reason="Reason",
    unreadable_since="Since",
    page_of="Page {page} of {pages}",
    previous_page="Previous page",
    next_page="Next page",
    versions_heading="Versions",
    not_found="There is no such page",
    not_found_hint="The photo may have been moved or deleted.",
    problem="This cannot be shown right now",
    problem_poll="The database does not answer; trying again…",
    date_time="{year}-{month:02}-{day:02} {hour:02}:{minute:02}",
)

TEXTS: dict[Language, Texts] = {texts.language: texts for texts in (_TRADITIONAL, _SIMPLIFIED, _ENGLISH)}
