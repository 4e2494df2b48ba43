"""The words of the pages beside an Immich, in our three languages."""

from dataclasses import dataclass

from allinone.extension.pages.languages import Language


@dataclass(frozen=True, slots=True)
class ImmichTexts:
    """One language's words; names in braces are filled in."""

    laboratory: str
    state: str
    to_immich: str
    search: str
    placeholder: str
    intro: str
    nothing: str
    weight: str
    cutoff: str
    cutoffs: tuple[str, str, str]
    weight_hint: str
    found: str
    text_score: str
    picture_score: str
    total_score: str
    refresh_results: str
    gathering: str
    refreshing: str
    refreshed: str
    text_heading: str
    no_text: str
    jobs_heading: str
    refresh_ocr: str
    refresh_clip: str
    job_states: dict[str, str]
    not_yours: str
    open_in_immich: str
    log_in_heading: str
    log_in: str
    problem: str
    services: str
    index: str
    queues: str
    models: str
    good: str
    not_ours: str
    index_photos: str
    index_complete: str
    index_running: str
    index_behind: str
    seconds: str
    yes: str
    no: str
    unknown: str
    boxes: str
    back: str


ENGLISH = ImmichTexts(
    laboratory="Search laboratory", state="State", to_immich="Immich", search="Search",
    placeholder="What is in the photo, or ocr: and the text in it",
    intro="See why each photo is found, and what other weights would make of it.",
    nothing="Nothing was found.", weight="Weight of the picture", cutoff="Cut-off",
    cutoffs=("off", "normal", "strict"),
    weight_hint="To keep these for everybody: {settings}",
    found="{count} photos on this page", text_score="Text", picture_score="Picture", total_score="Together",
    refresh_results="Read all my photos here anew",
    gathering="Looking for all of them…",
    refreshing="{done} of {total} photos read", refreshed="{done} photos read anew, {failed} failed",
    text_heading="Text in this photo", no_text="No text was found in this photo.", jobs_heading="Recognition",
    refresh_ocr="Refresh OCR data", refresh_clip="Refresh search data",
    job_states={"waiting": "Waiting…", "running": "Running…", "done": "Done", "failed": "Failed: {reason}"},
    not_yours="This photo belongs to another user, who alone can have it read anew.",
    open_in_immich="Open in Immich", log_in_heading="Please log in to Immich first", log_in="To the log-in",
    problem="This cannot be shown now: {reason}", services="Services", index="Index", queues="Jobs waiting in Immich",
    models="Gateway and models", good="works", not_ours="answers, but is not our gateway",
    index_photos="Photos with text", index_complete="Everything compared",
    index_running="not yet: it is being filled", index_behind="Behind Immich by", seconds="{count} s",
    yes="yes", no="no", unknown="unknown", boxes="Show boxes", back="Back",
)  # fmt: skip
TRADITIONAL = ImmichTexts(
    laboratory="搜尋實驗室", state="狀態", to_immich="Immich", search="搜尋",
    placeholder="照片裡的事物，或 ocr: 加上其中的文字",
    intro="看看每張照片為何被找到，以及換個權重會有什麼不同。",
    nothing="沒有找到照片。", weight="畫面的權重", cutoff="門檻", cutoffs=("關閉", "一般", "嚴格"),
    weight_hint="要讓所有人都採用：{settings}",
    found="本頁共 {count} 張照片", text_score="文字", picture_score="畫面", total_score="合計",
    refresh_results="重新辨識這次搜尋中我的所有照片",
    gathering="正在找出所有照片…",
    refreshing="已辨識 {done}／{total} 張", refreshed="已重新辨識 {done} 張，{failed} 張失敗",
    text_heading="這張照片裡的文字", no_text="這張照片裡沒有找到文字。", jobs_heading="辨識",
    refresh_ocr="重新產生 OCR 資料", refresh_clip="重新產生搜尋資料",
    job_states={"waiting": "等待中…", "running": "處理中…", "done": "完成", "failed": "失敗：{reason}"},
    not_yours="這張照片屬於另一位使用者，只有對方可以重新辨識。",
    open_in_immich="在 Immich 中開啟", log_in_heading="請先登入 Immich", log_in="前往登入",
    problem="目前無法顯示：{reason}", services="服務", index="索引", queues="Immich 中等待的工作",
    models="閘道與模型", good="正常", not_ours="有回應，但不是我們的閘道",
    index_photos="含文字的照片", index_complete="已全部比對",
    index_running="尚未：正在建立索引", index_behind="落後 Immich", seconds="{count} 秒",
    yes="是", no="否", unknown="不明", boxes="顯示文字框", back="返回",
)  # fmt: skip
SIMPLIFIED = ImmichTexts(
    laboratory="搜索实验室", state="状态", to_immich="Immich", search="搜索",
    placeholder="照片里的事物，或 ocr: 加上其中的文字",
    intro="看看每张照片为何被找到，以及换个权重会有什么不同。",
    nothing="没有找到照片。", weight="画面的权重", cutoff="门槛", cutoffs=("关闭", "一般", "严格"),
    weight_hint="要让所有人都采用：{settings}",
    found="本页共 {count} 张照片", text_score="文字", picture_score="画面", total_score="合计",
    refresh_results="重新识别这次搜索中我的所有照片",
    gathering="正在找出所有照片…",
    refreshing="已识别 {done}／{total} 张", refreshed="已重新识别 {done} 张，{failed} 张失败",
    text_heading="这张照片里的文字", no_text="这张照片里没有找到文字。", jobs_heading="识别",
    refresh_ocr="重新生成 OCR 数据", refresh_clip="重新生成搜索数据",
    job_states={"waiting": "等待中…", "running": "处理中…", "done": "完成", "failed": "失败：{reason}"},
    not_yours="这张照片属于另一位用户，只有对方可以重新识别。",
    open_in_immich="在 Immich 中打开", log_in_heading="请先登录 Immich", log_in="前往登录",
    problem="目前无法显示：{reason}", services="服务", index="索引", queues="Immich 中等待的任务",
    models="网关与模型", good="正常", not_ours="有响应，但不是我们的网关",
    index_photos="含文字的照片", index_complete="已全部比对",
    index_running="尚未：正在建立索引", index_behind="落后 Immich", seconds="{count} 秒",
    yes="是", no="否", unknown="不明", boxes="显示文字框", back="返回",
)  # fmt: skip

TEXTS = {Language.ENGLISH: ENGLISH, Language.TRADITIONAL: TRADITIONAL, Language.SIMPLIFIED: SIMPLIFIED}
