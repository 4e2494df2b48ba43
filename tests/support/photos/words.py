"""What invented photos say: words in traditional and simplified Chinese, and in English.

Each Chinese word is written in both scripts by hand, `traditional/simplified`, or once where both are alike.
"""

from typing import Literal

Script = Literal["hant", "hans", "latin"]


def _both(text: str) -> list[dict[str, str]]:
    words = []
    for word in text.split():
        first, _, second = word.partition("/")
        words.append({"hant": first, "hans": second or first})
    return words


ITEMS = _both("""
珍珠奶茶 滷肉飯/卤肉饭 雞排便當/鸡排便当 茶葉蛋/茶叶蛋 豆漿/豆浆 蔥油餅/葱油饼 鳳梨酥/凤梨酥
衛生紙/卫生纸 洗髮精/洗发精 牙膏 電池/电池 礦泉水/矿泉水 巧克力 葡萄乾/葡萄干 綠茶/绿茶
烏龍茶/乌龙茶 鮮奶/鲜奶 雞蛋/鸡蛋 番茄 高麗菜/高丽菜 豬肉/猪肉 牛腩 鮭魚/鲑鱼 蘋果/苹果 香蕉
蓮霧/莲雾 餅乾/饼干 吐司 沙拉 醬油/酱油 麵條/面条 白米 橄欖油/橄榄油 筆記本/笔记本 原子筆/圆珠笔
雨傘/雨伞 毛巾 拖鞋 燈泡/灯泡 垃圾袋 洗衣粉 咖啡豆 蜂蜜 花生醬/花生酱 冰淇淋 餛飩湯/馄饨汤
酸辣湯/酸辣汤 炒飯/炒饭 水餃/水饺 擔擔麵/担担面 宮保雞丁/宫保鸡丁 麻婆豆腐 糖醋排骨
清蒸鱸魚/清蒸鲈鱼 空心菜 蚵仔煎 臭豆腐 小籠包/小笼包 燒賣/烧卖 蘿蔔糕/萝卜糕 紅豆湯/红豆汤 杏仁茶
檸檬水/柠檬水 西瓜汁 愛玉冰/爱玉冰 豆花 楊枝甘露/杨枝甘露
""")
SHOP_FIRST = _both("""
福興/福兴 三和 青田 永豐/永丰 雲海/云海 春曉/春晓 大樹/大树 月光 鹿鳴/鹿鸣 金橋/金桥 東籬/东篱
石頭/石头 晨星 白鷺/白鹭 山海 長榮/长荣 百合 松濤/松涛 南風/南风 銀杏/银杏
""")
SHOP_LAST = _both("""
食堂 書店/书店 藥局/药房 五金行 麵館/面馆 超市 百貨/百货 茶行 咖啡館/咖啡馆 水果行 花店 診所/诊所
眼鏡行/眼镜店 麵包店/面包店 文具店 電器行/电器店 旅館/旅馆 鐘錶行/钟表行
""")
STREETS = _both("""
中山路 和平東路/和平东路 復興街/复兴街 民權路/民权路 光華巷/光华巷 文化路 建國南路/建国南路
湖濱路/湖滨路 學府街/学府街 楓林巷/枫林巷 龍泉街/龙泉街 漁港路/渔港路
""")
STATIONS = _both("""
青潭 雲嶺/云岭 鹿港 梅溪 臨江/临江 白沙灣/白沙湾 松林 湖東/湖东 鳳山/凤山 楊柳/杨柳 龍門/龙门
銀灘/银滩
""")
NOTICES = _both("""
請勿停車/请勿停车 小心地滑 禁止吸菸/禁止吸烟 施工中請繞道/施工中请绕道 車輛慢行/车辆慢行
請隨手關門/请随手关门 非工作人員請勿進入/非工作人员请勿进入 高壓危險/高压危险
請勿餵食野生動物/请勿喂食野生动物 緊急出口/紧急出口 收費停車場/收费停车场 全面八折優惠/全面八折优惠
歡迎光臨/欢迎光临 營業時間/营业时间 今日公休 貨物出門概不退換/货物出门概不退换 請保持安靜/请保持安静
節約用水/节约用水 當心落石/当心落石 水深危險/水深危险 禁止游泳 請排隊等候/请排队等候
往二樓請走樓梯/往二楼请走楼梯 招租聯絡屋主/招租联系房东 誠徵晚班人員/诚聘晚班人员
電梯維修暫停使用/电梯维修暂停使用 失物招領處/失物招领处 回收舊家電/回收旧家电
""")
VERTICAL = _both("""
風調雨順國泰民安/风调雨顺国泰民安 花開富貴滿庭芳/花开富贵满庭芳 專治跌打損傷/专治跌打损伤
手工現擀麵條/手工现擀面条 百年老店祖傳秘方/百年老店祖传秘方 香火鼎盛保平安
開鎖修傘磨剪刀/开锁修伞磨剪刀 新鮮現撈海產/新鲜现捞海产 鐘錶眼鏡修理/钟表眼镜修理
代寫書信對聯/代写书信对联
""")
TALK = _both("""
你週末有空一起去看展覽嗎/你周末有空一起去看展览吗 我已經把資料寄到你的信箱/我已经把资料发到你的邮箱
記得帶護照跟充電器/记得带护照跟充电器 晚餐想吃火鍋還是壽司/晚餐想吃火锅还是寿司
高鐵票訂好了靠窗的位置/高铁票订好了靠窗的位置 外婆說中秋節要回來烤肉/外婆说中秋节要回来烤肉
這個月的房租我轉帳給你了/这个月的房租我转账给你了 醫生說多休息少喝冰水/医生说多休息少喝冰水
老師把考試延到下個星期/老师把考试延到下个星期 貓咪又把花瓶打破了/猫咪又把花瓶打破了
快遞放在管理室記得拿/快递放在管理室记得拿 這家餐廳要先預約才有位/这家餐厅要先预约才有位
明天下雨的話就改去美術館/明天下雨的话就改去美术馆 冰箱裡還有半個西瓜/冰箱里还有半个西瓜
""")
LABELS: dict[str, dict[str, str]] = {
    "invoice": {"hant": "統一發票收執聯", "hans": "增值税电子普通发票"},
    "evidence": {"hant": "電子發票證明聯", "hans": "购物小票"},
    "total": {"hant": "總計", "hans": "合计"},
    "cash": {"hant": "現金", "hans": "现金"},
    "change": {"hant": "找零", "hans": "找零"},
    "phone": {"hant": "電話", "hans": "电话"},
    "address": {"hant": "地址", "hans": "地址"},
    "number": {"hant": "編號", "hans": "编号"},
    "date": {"hant": "日期", "hans": "日期"},
    "thanks": {"hant": "謝謝惠顧請保留收據", "hans": "谢谢惠顾请保留小票"},
    "menu": {"hant": "推薦菜單", "hans": "推荐菜单"},
    "carriage": {"hant": "車廂", "hans": "车厢"},
    "seat": {"hant": "座位", "hans": "座位"},
    "platform": {"hant": "月臺", "hans": "站台"},
    "station": {"hant": "站", "hans": "站"},
    "full": {"hant": "全票", "hans": "成人票"},
    "form": {"hant": "借閱申請表", "hans": "借阅申请表"},
    "name": {"hant": "姓名", "hans": "姓名"},
    "unit": {"hant": "單位", "hans": "单位"},
    "purpose": {"hant": "用途說明", "hans": "用途说明"},
    "sign": {"hant": "承辦人簽章", "hans": "经办人签章"},
    "yuan": {"hant": "元", "hans": "元"},
    "year": {"hant": "年", "hans": "年"},
    "month": {"hant": "月", "hans": "月"},
    "day": {"hant": "日", "hans": "日"},
}
PEOPLE = _both("""
林曉雯/林晓雯 陳志豪/陈志豪 張麗芬/张丽芬 黃建國/黄建国 吳思穎/吴思颖 周慧敏 鄭凱文/郑凯文
許雅婷/许雅婷 謝承恩/谢承恩 蔡淑貞/蔡淑贞
""")
UNITS = _both("""
資訊工程學系/信息工程学院 圖書館採編組/图书馆采编部 環境保護局/环境保护局 醫務室/医务室
總務處/总务处 國際業務部/国际业务部
""")
REASONS = _both("""
研究計畫資料蒐集/研究课题资料收集 社區活動展覽布置/社区活动展览布置 教學觀摩錄影/教学观摩录像
設備檢修更換零件/设备检修更换零件
""")

ENGLISH_ITEMS = [
    "Cappuccino",
    "Sourdough bread",
    "Blueberry muffin",
    "Sparkling water",
    "Chicken sandwich",
    "Vegetable soup",
    "Orange marmalade",
    "Cheddar cheese",
    "Shampoo",
    "Notebook",
    "Umbrella",
    "Pineapple",
    "Croissant",
    "Mushroom risotto",
    "Grilled salmon",
    "Caesar salad",
    "Lemonade",
    "Espresso",
    "Porridge oats",
    "Detergent",
]
ENGLISH_SHOPS = [
    "Riverside Pharmacy",
    "Willow Tree Books",
    "Northgate Hardware",
    "Old Mill Bakery",
    "Lighthouse Grocery",
    "Cedar Street Deli",
    "Foxglove Florist",
    "Summit Outfitters",
]
ENGLISH_SIGNS = [
    "NO PARKING",
    "KEEP CLEAR",
    "EMERGENCY EXIT",
    "CAUTION WET FLOOR",
    "BEWARE OF THE DOG",
    "PRIVATE PROPERTY",
    "SPEED LIMIT",
    "RECEPTION UPSTAIRS",
    "CLOSED ON SUNDAYS",
    "LIFEGUARD ON DUTY",
]
ENGLISH_MEDICINE = [
    "Paracetamol",
    "Ibuprofen",
    "Loratadine",
    "Amoxicillin",
    "Omeprazole",
    "Cetirizine",
    "Metformin",
    "Atorvastatin",
]
ENGLISH_NOTES = [
    "Take one tablet twice daily",
    "Store below 25 degrees",
    "Keep out of reach of children",
    "Swallow whole with water",
    "Do not exceed the stated dose",
]
ENGLISH_STREETS = [
    "Chestnut Avenue",
    "Harbour Road",
    "Kingfisher Lane",
    "Abbey Street",
    "Meadow Close",
    "Victoria Terrace",
]

ABSENT = [
    "潛水艇", "望遠鏡", "鋼琴演奏", "直升機", "恐龍化石", "企鵝", "潜水艇", "望远镜", "太空梭", "指南針",
    "saxophone", "xylophone", "helicopter", "dinosaur", "kangaroo", "telescope", "volcano",
]  # fmt: skip
"""Words that no invented photo shows, nor anything like them."""


def characters(script: Script) -> set[str]:
    """Every character that the words of `script` are written with, and a few more for dates and addresses."""
    lists = [ITEMS, SHOP_FIRST, SHOP_LAST, STREETS, STATIONS, NOTICES, VERTICAL, TALK, PEOPLE, UNITS, REASONS]
    texts = [word[script] for words in lists for word in words if script != "latin"]
    texts += [word[script] for word in LABELS.values() if script != "latin"]
    more = (
        "，。：（）￥・！？號号車车開开往至星期一二三四五六七八九十時时份項项樓楼段巷弄室次"
        if script != "latin"
        else ""
    )
    return set("".join(texts) + more + "".join(map(chr, range(32, 127))))
