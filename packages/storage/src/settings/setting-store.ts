/** Small facts about this installation, by name; the value is whatever text its owner writes. */
export interface SettingStore {
  get(name: string): Promise<string | null>;
  /** Durable when it resolves. */
  set(name: string, value: string): Promise<void>;
  /** Writes only where nothing stands yet and returns what stands afterwards: the first writer wins. */
  setOnce(name: string, value: string): Promise<string>;
  remove(name: string): Promise<void>;
}
