"""What insightface finds in photos: `pack` is its folder, `sizes` the detector's, arrays are RGB pixels by name."""


def answer(values, arrays, folder):
    import numpy as np
    from insightface.app import FaceAnalysis

    analysis = FaceAnalysis(values["pack"], providers=["CPUExecutionProvider"])
    analysis.prepare(ctx_id=-1, det_thresh=values["minimum_score"], det_size=values["sizes"])
    answered = {}
    for name, pixels in arrays.items():
        faces = analysis.get(np.ascontiguousarray(pixels[:, :, ::-1]))  # it wants BGR
        answered[f"{name} boxes"] = np.array([face.bbox for face in faces]).reshape(-1, 4)
        answered[f"{name} scores"] = np.array([face.det_score for face in faces])
        answered[f"{name} landmarks"] = np.array([face.kps for face in faces]).reshape(-1, 5, 2)
        answered[f"{name} embeddings"] = np.array([face.normed_embedding for face in faces]).reshape(-1, 512)
    return {"models": sorted(analysis.models)}, answered
