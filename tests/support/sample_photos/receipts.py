"""Three receipts: Taiwan, the mainland, and an English café."""

import numpy as np

from support.photos.camera import Lighting, age, blinds, box_corners, curl, dapple, expose, lay, light
from support.photos.sheet import Sheet
from support.photos.textures import linen, stone, wood
from support.sample_photos import props
from support.sample_photos.shot import Shot
from support.sample_photos.typefaces import face

_INK = (38, 38, 46)


def invoice() -> Shot:
    """統一發票 on a wooden table, with a cup of coffee."""
    rng = np.random.default_rng(11)
    sheet = Sheet(620, 1420, (240, 238, 232))
    middle = sheet.width / 2
    sheet.text((middle, 46), "山茶咖啡館", face("tc-bold", 62), _INK, anchor="ma")
    sheet.text((middle, 140), "電子發票證明聯", face("tc-medium", 56), _INK, anchor="ma")
    sheet.text((middle, 222), "112年07-08月", face("tc-bold", 60), _INK, anchor="ma")
    sheet.text((middle, 304), "RD-40719326", face("tc-bold", 62), _INK, anchor="ma")
    small = face("tc", 33)
    sheet.pair(408, "2023-08-12 15:42:08", "格式 25", small, _INK)
    sheet.pair(458, "隨機碼 7351", "總計 560", small, _INK)
    sheet.pair(508, "賣方 52839174", "買方 00000000", small, _INK)
    sheet.barcode((60, 574, 560, 640), rng, _INK)
    sheet.matrix_code((64, 672), 218, rng, _INK)
    sheet.matrix_code((338, 672), 218, rng, _INK)
    sheet.rule(930, _INK, dash=12)
    sheet.text((40, 948), "交易明細", face("tc-medium", 36), _INK)
    for place, (name, price) in enumerate(
        [("手沖耶加雪菲", "180"), ("焙茶拿鐵", "150"), ("檸檬磅蛋糕", "110"), ("烤布蕾", "120")]
    ):
        sheet.pair(1008 + place * 52, name, price, face("tc", 36), _INK)
    sheet.rule(1228, _INK, dash=12)
    sheet.pair(1244, "合計 4 項", "NT$ 560", face("tc-bold", 42), _INK)
    sheet.text((middle, 1330), "退貨請攜帶發票至門市辦理", face("tc", 32), _INK, anchor="ma")
    sheet.fade(rng, amount=0.22)

    scene = wood((1200, 1600), rng, planks=3)
    props.cup(scene, (1275, 300), 195)
    paper = curl(age(sheet.picture(), rng, crumple=0.3), rng, amount=0.007)
    lay(scene, paper, box_corners((640, 618), (500, 1110), degrees=-9, tilt=(0.01, 0.05)), lift=13)
    props.pen(scene, (1500, 1110), (1130, 760), 24)
    scene *= (0.72 + 0.34 * dapple((1200, 1600), rng, leaves=36, softness=20))[..., None]
    lit = light(scene, Lighting(exposure=1.0, falloff=0.3, warmth=0.35))
    return Shot("receipt-taiwan.jpg", expose(lit, rng, blur=0.7, noise=0.005), "2023:08:12 15:47:21", sheet.lines)


def shopping() -> Shot:
    """购物小票 on a terrazzo counter."""
    rng = np.random.default_rng(23)
    sheet = Sheet(600, 1180, (238, 238, 240))
    middle = sheet.width / 2
    ink = (52, 52, 62)
    sheet.text((middle, 44), "青禾生鲜超市", face("sc-bold", 58), ink, anchor="ma")
    sheet.text((middle, 126), "购物小票", face("sc-medium", 44), ink, anchor="ma")
    small = face("sc", 31)
    sheet.text((40, 206), "门店：云湖路店   收银台：03", small, ink)
    sheet.text((40, 250), "单号：20240518-0092746", small, ink)
    sheet.text((40, 294), "时间：2024-05-18 18:26", small, ink)
    sheet.rule(350, ink, dash=10)
    goods = [
        ("西红柿 0.84kg", "6.72"),
        ("土鸡蛋 10枚", "15.80"),
        ("鲜牛奶 950ml", "13.50"),
        ("五常大米 5kg", "49.90"),
        ("洗衣液", "32.00"),
        ("会员优惠", "-5.00"),
    ]
    for place, (name, price) in enumerate(goods):
        sheet.pair(372 + place * 52, name, price, face("sc", 36), ink)
    sheet.rule(700, ink, dash=10)
    sheet.pair(718, "合计", "￥112.92", face("sc-bold", 48), ink)
    sheet.pair(790, "微信支付", "112.92", small, ink)
    sheet.pair(836, "找零", "0.00", small, ink)
    sheet.barcode((90, 908, 510, 1000), rng, ink)
    sheet.text((middle, 1026), "谢谢惠顾 欢迎再次光临", face("sc", 34), ink, anchor="ma")
    sheet.text((middle, 1080), "请妥善保管小票，凭票退换货", face("sc", 28), ink, anchor="ma")
    sheet.fade(rng, amount=0.34)

    scene = stone((1500, 1200), rng)
    for spot, tone in (
        ((190, 210), (0.86, 0.24, 0.17)),
        ((330, 90), (0.9, 0.33, 0.2)),
        ((100, 400), (0.82, 0.2, 0.15)),
    ):
        _tomato(scene, spot, 118, tone)
    paper = curl(age(sheet.picture(), rng, crumple=0.5), rng, amount=0.009)
    lay(scene, paper, box_corners((640, 800), (620, 1210), degrees=6, tilt=(-0.02, 0.08)), lift=16)
    scene *= (0.86 + 0.16 * blinds((1500, 1200), degrees=32, bars=4, softness=40))[..., None]
    lit = light(scene, Lighting(exposure=0.98, falloff=0.34, direction=160, warmth=0.1))
    return Shot("receipt-supermarket.jpg", expose(lit, rng, noise=0.005), "2024:05:18 18:40:02", sheet.lines)


def _tomato(scene: np.ndarray, at: tuple[float, float], radius: float, colour: tuple[float, float, float]) -> None:
    props.pin(scene, at, radius, colour)
    for turn in range(5):
        props.leaf(scene, at, radius * 0.62, turn * 72 + 17, 0.24)


def cafe() -> Shot:
    """An English café's receipt on linen."""
    rng = np.random.default_rng(35)
    sheet = Sheet(600, 1120, (240, 238, 231))
    middle = sheet.width / 2
    sheet.text((middle, 48), "Harbour Lane", face("lobster", 82), _INK, anchor="ma")
    sheet.text((middle, 156), "COFFEE & BAKERY", face("courier-bold", 40), _INK, anchor="ma")
    small = face("courier", 33)
    sheet.text((middle, 216), "14 Harbour Lane, Whitby", small, _INK, anchor="ma")
    sheet.pair(286, "Table 7", "Order #2086", small, _INK)
    sheet.pair(328, "21 Sep 2022", "10:14", small, _INK)
    sheet.rule(384, _INK, dash=10)
    goods = [
        ("2 Flat white", "7.20"),
        ("1 Oat cappuccino", "4.10"),
        ("1 Cinnamon bun", "3.60"),
        ("1 Sourdough toast", "5.50"),
        ("1 Blueberry scone", "3.20"),
    ]
    for place, (name, price) in enumerate(goods):
        sheet.pair(404 + place * 50, name, price, face("courier", 37), _INK)
    sheet.rule(670, _INK, dash=10)
    sheet.pair(688, "Subtotal", "23.60", small, _INK)
    sheet.pair(732, "Service 10%", "2.36", small, _INK)
    sheet.pair(784, "TOTAL GBP", "25.96", face("courier-bold", 46), _INK)
    sheet.rule(852, _INK, dash=10)
    sheet.text((middle, 876), "VISA **** 4419  APPROVED", small, _INK, anchor="ma")
    sheet.text((middle, 940), "Thank you, see you soon!", face("courier", 35), _INK, anchor="ma")
    sheet.text((middle, 992), "WiFi: harbourguest", small, _INK, anchor="ma")
    sheet.fade(rng, amount=0.15)

    scene = linen((1200, 1600), rng, dark=(0.33, 0.41, 0.45), light=(0.63, 0.7, 0.71))
    props.cup(scene, (330, 390), 215, china=(0.86, 0.87, 0.84))
    paper = curl(age(sheet.picture(), rng, crumple=0.22), rng, amount=0.008)
    lay(scene, paper, box_corners((980, 610), (560, 1040), degrees=12, tilt=(0.02, 0.06)), lift=14)
    for turn, size in ((200, 170), (245, 210), (290, 150)):
        props.leaf(scene, (150, 1130), size, turn + 60, 0.34)
    scene *= (0.8 + 0.24 * dapple((1200, 1600), rng, leaves=44, softness=26))[..., None]
    lit = light(scene, Lighting(exposure=1.02, falloff=0.28, direction=200, warmth=0.1))
    return Shot("receipt-cafe.jpg", expose(lit, rng, noise=0.005), "2022:09:21 10:31:45", sheet.lines)
