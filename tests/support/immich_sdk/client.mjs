// Immich's own client against the address in argv: what it understood goes out as JSON.
import { readFileSync } from "node:fs";
import {
  init, getMyUser, getAssetInfo, runAssetJobs, searchAssets, searchSmart, uploadAsset, viewAsset,
} from "@immich/sdk";

const [url, apiKey, asset, file] = process.argv.slice(2);
init({ baseUrl: `${url}/api`, apiKey });

const refused = async (work) => {
  try {
    await work;
    return null;
  } catch (error) {
    const data = typeof error.data === "string" ? JSON.parse(error.data) : error.data;
    return { status: error.status, message: data?.message };
  }
};

const smart = await searchSmart({ smartSearchDto: { query: "統一發票", size: 10, withExif: true } });
const metadata = await searchAssets({ metadataSearchDto: { size: 10 } });
const content = readFileSync(file);
const uploaded = await uploadAsset({
  assetMediaCreateDto: {
    assetData: new Blob([content]), filename: "a.jpg",
    fileCreatedAt: new Date(0).toISOString(), fileModifiedAt: new Date(0).toISOString(),
  },
});
await runAssetJobs({ assetJobsDto: { name: "refresh-metadata", assetIds: [asset] } });
await runAssetJobs({ assetJobsDto: { name: "refresh-ocr", assetIds: [asset] } });
console.log(JSON.stringify({
  email: (await getMyUser()).email,
  name: (await getAssetInfo({ id: asset })).originalFileName,
  smart: smart.assets.items.map((item) => item.id),
  nextPage: smart.assets.nextPage,
  metadata: metadata.assets.items.map((item) => item.id),
  thumbnail: (await viewAsset({ id: asset, size: "preview" })).size,
  uploaded: uploaded.status,
  wrong: await refused(searchSmart({ smartSearchDto: {} })),
  foreign: await refused(runAssetJobs({ assetJobsDto: { name: "refresh-ocr", assetIds: ["6b1f3f0e-7a53-4c1e-9d57-0d3c52a4f001"] } })),
}));
